import type { PolicyBConfig } from './config.ts';
import { lifeOf } from './pool-life.ts';
import { type PoolRecord, recordPool } from './pool-record.ts';

/** A pool as a job sees it in one period. */
export interface SeenPool {
  readonly id: string;
  readonly region: string;
  /** USD per hour. */
  readonly price: number;
  /** `undefined` where the job cannot see it. */
  readonly isUp: boolean | undefined;
}

/** What was seen of a group's pools so far; can be stored as JSON. */
export interface GroupRecord {
  /** By price. Each tier includes the pools of those before it, and is up while any of its pools is. */
  readonly tiers: readonly Tier[];
  readonly pools: Readonly<Record<string, PoolRecord>>;
}

export interface Tier {
  readonly pools: readonly string[];
  readonly record: PoolRecord | undefined;
  /** Whether the newest period showed its state. */
  readonly isKnown: boolean;
}

/** Pools whose prices differ by less than this factor are in one tier. */
const samePrice = 1.03;

/** Tiers are formed when a job begins, and stay the same. */
export function startGroup(pools: readonly SeenPool[]): GroupRecord {
  const sorted = [...pools].sort((a, b) => a.price - b.price);
  const sizes = sorted.flatMap(({ price }, index) => {
    const next = sorted[index + 1];
    return next && next.price <= price * samePrice ? [] : [index + 1];
  });
  const tiers = sizes.map((size) => ({
    pools: sorted.slice(0, size).map(({ id }) => id),
    record: undefined,
    isKnown: false,
  }));
  return { tiers, pools: {} };
}

/** Adds one observation period to the record. */
export function recordGroup(
  group: GroupRecord,
  pools: readonly SeenPool[],
  seconds: number,
  config: PolicyBConfig,
): GroupRecord {
  const records = pools.flatMap(({ id, isUp }) => {
    const record = group.pools[id];
    const next = isUp === undefined ? record : recordPool(record, isUp, seconds, config);
    return next ? [[id, next] as const] : [];
  });
  const seen = new Map(pools.map(({ id, isUp }) => [id, isUp && lastsLongEnough(group.pools[id], config)]));
  return {
    pools: Object.fromEntries(records),
    tiers: group.tiers.map((tier) => {
      const states = tier.pools.map((id) => seen.get(id));
      const isUp = states.includes(true) ? true : states.includes(undefined) ? undefined : false;
      const record = isUp === undefined ? tier.record : recordPool(tier.record, isUp, seconds, config);
      return { pools: tier.pools, record, isKnown: isUp !== undefined };
    }),
  };
}

/** A pool that is lost again at once does not make its tier worth waiting for. */
const lastsLongEnough = (record: PoolRecord | undefined, config: PolicyBConfig) =>
  lifeOf(record, config) >= config.leastLife;
