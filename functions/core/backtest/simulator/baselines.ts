import { week } from '../../decision/policy-a/config.ts';
import type { PoolGroup } from './pool-group.ts';
import { onDemand, type ServicePolicy, type Sight } from './service-policy.ts';

/** Simple policies for comparison. None knows whether a pool is up before it tries to launch there. */

const hour = 3600;
/** Less than any difference between prices. */
const cent = 1e-9;

const cheapestFirst = ({ pools }: PoolGroup, sight: Sight) =>
  pools.map((_, pool) => pool).sort((a, b) => sight.price(a) - sight.price(b));

const isBelowOnDemand = (pool: number, sight: Sight) => sight.price(pool) < sight.price(onDemand);

const belowOnDemand = (group: PoolGroup, sight: Sight) =>
  cheapestFirst(group, sight).filter((pool) => isBelowOnDemand(pool, sight));

export const alwaysOnDemand = (): ServicePolicy => ({ decide: () => [], failover: () => [] });

/** Stays in one pool, on-demand while it is down. */
export const onePool = (pool: number): ServicePolicy => ({
  decide: (sight) => (sight.current === onDemand && isBelowOnDemand(pool, sight) ? [pool] : []),
  failover: () => [],
});

/** Moves to whatever is cheapest now, if it is cheaper by at least this share. */
export const cheapest = (group: PoolGroup, margin = 0): ServicePolicy => ({
  decide: (sight) => {
    const now = sight.price(sight.current!);
    const isCheaper = (price: number) => (margin === 0 ? price < now - cent : (now - price) / now >= margin);
    return cheapestFirst(group, sight).filter((pool) => isCheaper(sight.price(pool)));
  },
  failover: (sight) => belowOnDemand(group, sight),
});

/** Moves only from on-demand or when interrupted, and not until some hours after the last switch. */
export function sticky(group: PoolGroup, coolDownHours = 0): ServicePolicy {
  let last = Number.NEGATIVE_INFINITY;
  const remember = (at: number) => {
    last = at;
  };
  return {
    decide: (sight) => {
      const mayMove = sight.current === onDemand && sight.now - last >= coolDownHours * hour;
      return mayMove ? belowOnDemand(group, sight) : [];
    },
    failover: (sight) => belowOnDemand(group, sight),
    switched: remember,
    failedOver: remember,
  };
}

/** Sticky, with a second instance that is always ready while the first is on Spot. */
export const withStandby = (group: PoolGroup): ServicePolicy => ({
  ...sticky(group),
  standby: (sight) => cheapestFirst(group, sight),
});

/** The rule of the first product, with its default thresholds; any of them may be left out. */
export interface ThresholdRule {
  readonly margin: number;
  readonly riskBelow: number;
  readonly switchesPerWeek: number;
  readonly hoursBetween: number;
}

export const defaultThresholds: ThresholdRule = { margin: 0.15, riskBelow: 0.3, switchesPerWeek: 10, hoursBetween: 2 };

export function thresholdRule(group: PoolGroup, rule: ThresholdRule = defaultThresholds): ServicePolicy {
  const interruptions = group.pools.map((): number[] => []);
  const switches: number[] = [];
  const switched = (at: number) => {
    switches.push(at);
  };
  const risk = (pool: number, now: number) =>
    Math.min(1, interruptions[pool]!.filter((at) => at >= now - 30 * 24 * hour).length / 30);
  return {
    decide: (sight) => {
      const { now, current } = sight;
      if (now - (switches.at(-1) ?? Number.NEGATIVE_INFINITY) < rule.hoursBetween * hour) return [];
      if (switches.filter((at) => at > now - week).length >= rule.switchesPerWeek) return [];
      const price = sight.price(current!);
      return cheapestFirst(group, sight).filter(
        (pool) =>
          pool !== current && (price - sight.price(pool)) / price >= rule.margin && risk(pool, now) < rule.riskBelow,
      );
    },
    failover: (sight) =>
      belowOnDemand(group, sight)
        .filter((pool) => risk(pool, sight.now) < rule.riskBelow)
        .sort((a, b) => risk(a, sight.now) - risk(b, sight.now)),
    interrupted: (pool, at) => {
      interruptions[pool]!.push(at);
    },
    switched,
    failedOver: switched,
  };
}
