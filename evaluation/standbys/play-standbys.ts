import type { PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import { profiles } from '../service/profile.ts';
import type { Chooser } from './choosers.ts';
import { MarketSoFar, periodSeconds } from './market-so-far.ts';

export interface StandbyResult {
  /** How often the primary's pool was lost. */
  readonly failovers: number;
  /** Those without a standby that was up and stayed so for ten minutes. */
  readonly uncovered: number;
  /** Uncovered ones for which another pool, up when the standby was placed, would have stayed up. */
  readonly avoidable: number;
  /** Standbys that were lost while their primary was not. */
  readonly lost: number;
  readonly launches: number;
  /** Hours with a standby, and what it cost in on-demand hours. */
  readonly hours: number;
  readonly cost: number;
}

/**
 * Plays a service that is always in a Spot pool, with a standby in another: once for each pool that it may start in. A
 * standby stays until its pool is lost or it takes over. Without one, the service restarts in the cheapest pool that is
 * up; it also starts there if its own pool is down at first, which is no failover.
 */
export function playStandbys(group: PoolGroup, choose: Chooser): StandbyResult {
  const total = { failovers: 0, uncovered: 0, avoidable: 0, lost: 0, launches: 0, hours: 0, cost: 0 };
  for (const start of group.pools.keys()) playFrom(start, group, choose, total);
  return total;
}

type Total = { -readonly [K in keyof StandbyResult]: StandbyResult[K] };

function playFrom(start: number, group: PoolGroup, choose: Chooser, total: Total): void {
  const market = new MarketSoFar(group);
  const pools = [...group.pools.keys()];
  const window = Math.max(1, Math.round(periodSeconds / group.stepSeconds));
  /** Whether a pool is up from a step until ten minutes from now: of the future only the score may know. */
  const stays = (pool: number, from: number) =>
    group.pools[pool]!.up.subarray(from, market.step + window + 1).every((up) => up === 1);
  let primary = group.pools[start]!.up[0] ? start : undefined;
  let standby: { readonly pool: number; readonly since: number } | undefined;
  for (let step = 0; step < group.steps; step += 1) {
    market.advance();
    if (primary !== undefined && !market.isUp(primary)) {
      const isReady = standby && (step - standby.since) * group.stepSeconds >= profiles.target.launch;
      const isCovered = isReady && stays(standby!.pool, step);
      total.failovers += 1;
      if (!isCovered) total.uncovered += 1;
      if (!isCovered && standby && pools.some((pool) => pool !== primary && stays(pool, standby!.since)))
        total.avoidable += 1;
      primary = isReady && market.isUp(standby!.pool) ? standby!.pool : undefined;
      standby = undefined;
    } else if (standby && !market.isUp(standby.pool)) {
      total.lost += 1;
      standby = undefined;
    }
    const up = pools.filter((pool) => market.isUp(pool));
    primary ??= up.toSorted((a, b) => market.priceOf(a) - market.priceOf(b))[0];
    if (primary !== undefined && !standby) {
      const pool = choose(
        market,
        primary,
        up.filter((one) => one !== primary),
      );
      if (pool !== undefined) standby = { pool, since: step };
      if (standby) total.launches += 1;
    }
    if (!standby) continue;
    total.hours += group.stepSeconds / 3600;
    total.cost += (market.priceOf(standby.pool) / group.onDemandPrice) * (group.stepSeconds / 3600);
  }
}
