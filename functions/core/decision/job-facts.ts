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

/** This many of the cheapest pools are weighed: each price tier has its own value tables, and rows have little room. */
const mostPools = 12;

/** Overheads are rounded up to one of these, in seconds, because each overhead has its own value tables. */
const overheads = [60, 120, 180, 240, 300, 420, 600, 720, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10_800, 14_400];

/** The input of policy B; `null` without a deadline ahead, without work to do, or where no model was asked. */
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

/** Groups by a tenant's place and the agent's pool: agents in the same pool, or in none, share one during a run. */
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

/** Replays what was observed of the pools in the last week, period by period, as policy B would have recorded it. */
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

/** A pool that nobody observes now may come up just before it is entered, so its age says nothing. */
const asOfNow = (record: PoolRecord, availability: Availability | undefined): PoolRecord =>
  availability === 'unknown' ? { ...record, isUp: false, age: 0 } : record;

const upIn = { up: true, down: false, unknown: undefined } as const;
