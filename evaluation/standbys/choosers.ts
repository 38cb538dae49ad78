import { type Candidate, choosePool } from '../../functions/core/failover/placement.ts';
import type { MarketSoFar } from './market-so-far.ts';

/** Chooses a standby's pool among those that are up and not the primary's; `undefined` for none. */
export type Chooser = (market: MarketSoFar, primary: number, open: readonly number[]) => number | undefined;

const day = 86_400;

/** What a joint loss is worth in on-demand hours, for the chooser that weighs it against the price. */
const jointLossHours = 10;

const least = (open: readonly number[], value: (pool: number) => number) =>
  open.toSorted((a, b) => value(a) - value(b) || a - b)[0];

export const choosers: Readonly<Record<string, Chooser>> = {
  cheapest: (market, _primary, open) => least(open, (pool) => market.priceOf(pool)),
  'control plane': byControlPlane,
  'least hazard': (market, _primary, open) => {
    const hazards = market.hazards();
    return least(open, (pool) => hazards[pool]!);
  },
  'price and joint loss': byJointLoss,
};

/** The control plane's own rule, `choosePool`, with what it would have recorded of the pools. */
function byControlPlane(market: MarketSoFar, primary: number, open: readonly number[]): number | undefined {
  const { pools, id: region } = market.group;
  const at = (seconds: number | undefined) => (seconds === undefined ? null : new Date(seconds * 1000));
  const candidates = open.map(
    (pool): Candidate => ({
      id: String(pool),
      name: pools[pool]!.id,
      instanceType: '',
      region,
      az: pools[pool]!.id,
      price: market.priceOf(pool),
      pricedAt: at(market.now),
      interruptions24h: market.lossesOf(pool, day).length,
      lastNoticeAt: at(market.lastLossOf(pool)),
      jointFailures: market.jointLosses(pool, primary, 30 * day),
      failures24h: 0,
      lastFailureAt: null,
      ownFailures24h: 0,
      lastOwnFailureAt: null,
      placementScore: null,
    }),
  );
  const chosen = choosePool(candidates, { primaryPool: String(primary), emergency: false }, at(market.now)!);
  return chosen && Number(chosen.id);
}

/** The price, and what it costs an hour that the primary's pool may take the standby's with it. */
function byJointLoss(market: MarketSoFar, primary: number, open: readonly number[]): number | undefined {
  const hazards = market.hazards();
  const losses = market.lossesOf(primary, 30 * day).length;
  const shareOfJoint = (pool: number) =>
    Math.min(1, (market.jointLosses(pool, primary, 30 * day) + hazards[pool]!) / (losses + 2));
  const jointLossesPerHour = (pool: number) => hazards[primary]! * shareOfJoint(pool);
  return least(
    open,
    (pool) => market.priceOf(pool) / market.group.onDemandPrice + jointLossHours * jointLossesPerHour(pool),
  );
}
