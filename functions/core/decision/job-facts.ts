import type { Agent } from '../../shared/schema.ts';
import { secondMs } from '../../shared/time.ts';
import { workLeft } from '../agent/remaining-work.ts';
import { periodSeconds } from '../availability/period.ts';
import type { JobFacts } from './decision-input.ts';
import type { Availability } from './policy-a/input.ts';
import { periodsOf } from './policy-a/pool-history.ts';
import { policyBConfig } from './policy-b/config.ts';
import type { PoolRecord } from './policy-b/pool-record.ts';
import { type GroupRecord, recordGroup, type SeenPool, startGroup } from './policy-b/tiers.ts';
import type { PricedPlace, PricedPool } from './priced-pools.ts';

/** Pools that are weighed: the cheapest, as each tier of prices has value tables of its own, and a row holds so many records. */
const mostPools = 12;

/** Overheads are rounded up to one of these, in seconds: value tables differ by them. */
const overheads = [60, 120, 180, 240, 300, 420, 600, 720, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10_800, 14_400];

/** What policy B goes by, of an agent with a deadline ahead and work to do; `null` for one without, or where no model was asked. */
export function jobFacts(agent: Agent, place: PricedPlace, now: Date): JobFacts | null {
  const { deadline } = agent;
  const left = workLeft(agent, now);
  if (deadline === null || deadline <= now || left === null || left.seconds === 0 || place.told === null) return null;
  const isOnSpot = agent.currentMode === 'spot';
  return {
    deadline: Math.floor(deadline.getTime() / secondMs),
    workLeft: left.seconds,
    overhead: overheads.find((seconds) => seconds >= agent.restartOverheadSeconds) ?? overheads.at(-1)!,
    overheadLeft: left.overheadSeconds,
    observedShare: place.observedShare,
    group: groupOf(place, isOnSpot ? agent.currentPoolId : null),
  };
}

/** By place of a tenant: agents in one pool, or in none, share them for a run. */
const known = new WeakMap<PricedPlace, Map<string | null, JobFacts['group']>>();

function groupOf(place: PricedPlace, own: string | null): JobFacts['group'] {
  const groups = known.get(place) ?? new Map<string | null, JobFacts['group']>();
  known.set(place, groups);
  const group = groups.get(own) ?? makeGroup(weighed(place.pools, own));
  groups.set(own, group);
  return group;
}

function weighed(pools: readonly PricedPool[], own: string | null): PricedPool[] {
  const sorted = pools.toSorted((a, b) => a.price - b.price || (a.id < b.id ? -1 : 1));
  const cheapest = sorted.slice(0, mostPools);
  return [...cheapest, ...sorted.slice(mostPools).filter(({ id }) => id === own)];
}

/** What was seen of pools in the week until now, as policy B would have kept it, period by period. */
function makeGroup(pools: readonly PricedPool[]): JobFacts['group'] {
  const views = pools.map(
    (pool): SeenPool => ({ id: pool.id, region: pool.region, price: pool.price, isUp: undefined }),
  );
  const periods = pools.map(({ record }) => (record ? periodsOf(record) : []));
  const count = Math.max(0, ...periods.map(({ length }) => length));
  const stateOf = new Map(pools.map(({ id, availability }) => [id, availability]));
  let group: GroupRecord = startGroup(views);
  for (let n = 0; n < count; n += 1) {
    const seen = views.map((view, pool) => ({ ...view, isUp: upIn[periods[pool]![n] ?? 'unknown'] }));
    group = recordGroup(group, seen, periodSeconds, policyBConfig);
  }
  return {
    order: views.map(({ id }) => id),
    pools: Object.fromEntries(
      Object.entries(group.pools).map(([id, record]) => [id, asOfNow(record, stateOf.get(id))]),
    ),
    tiers: group.tiers.map(({ pools, ...tier }) => ({ ...tier, size: pools.length, record: tier.record ?? null })),
  };
}

/** A pool that nobody sees now may have come up just before it is entered: its age tells nothing. */
const asOfNow = (record: PoolRecord, availability: Availability | undefined): PoolRecord =>
  availability === 'unknown' ? { ...record, isUp: false, age: 0 } : record;

const upIn = { up: true, down: false, unknown: undefined } as const;
