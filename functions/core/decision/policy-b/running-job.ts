import { type PolicyBConfig, tick } from './config.ts';
import { cheapestOnDemand, type JobInPools, type OnDemand, type PlaceOfJob } from './job-in-pools.ts';
import type { TablesFor } from './outlook.ts';
import { safetyNet } from './safety-net.ts';
import { type Choice, weighPlaces } from './several-pools.ts';
import type { JobKind } from './value-table.ts';

/** A job that runs all the time: it can be moved but not stopped. */
export type RunningJob = Omit<JobInPools, 'canIdle'>;

/**
 * The longest job that is valued whole, in ticks: six hours of work, with six to spare. A longer job is valued by a
 * part of it, with the same share of the time. Tables that cover days closed less of the gap (docs/adr/0071).
 */
const longest = { work: 36, slack: 36 };

/** A job leaves its pool only for one that costs at most this share of its price: expected lives differ by chance. */
const cheaper = 0.95;

/** Jobs with the same overhead, in ticks, use value tables of the same size. */
export const runningKind = (overhead: number): Omit<JobKind, 'spotShare'> => ({
  overhead,
  work: longest.work + Math.ceil(2 * overhead),
  slack: longest.slack,
  canIdle: false,
});

/**
 * Whether the deadline leaves a choice. If it does not, even an instance past its overhead may not stay in Spot, unlike
 * that of a job checked every tick: it may be lost, and another launched in Spot, before the next decision.
 */
export const isFree = (job: RunningJob): boolean =>
  safetyNet(job, job.place.kind === 'spot' ? { overheadLeft: Number.POSITIVE_INFINITY } : null) === 'free';

/** A job in a pool that is hardly cheaper than on-demand repeats its overhead only if on-demand costs less with that. */
function placeWithoutOutlook(job: RunningJob, onDemand: OnDemand): PlaceOfJob {
  const { place, pools, workLeft, overhead, overheadLeft } = job;
  const own = place.kind === 'spot' ? pools.find(({ id, isUp }) => id === place.pool && isUp) : undefined;
  const staysFor = own && own.price * (workLeft + overheadLeft);
  return staysFor !== undefined && staysFor <= onDemand.price * (workLeft + overhead) ? place : onDemand.place;
}

/** Where a job may run until the next decision, cheapest first; only on-demand if the deadline leaves no choice. */
export function placesOfRunningJob(job: RunningJob, tablesFor: TablesFor, config: PolicyBConfig): Choice[] {
  const onDemand = cheapestOnDemand({ ...job, canIdle: false });
  if (!isFree(job)) return [{ place: onDemand.place, cost: 0 }];
  const best = new Map<string, Choice>();
  for (const choice of weighPlaces(partOf(job), tablesFor, config)) {
    const key = JSON.stringify(choice.place);
    if (choice.cost < (best.get(key)?.cost ?? Number.POSITIVE_INFINITY)) best.set(key, choice);
  }
  if (best.size === 0) return [{ place: placeWithoutOutlook(job, onDemand), cost: 0 }];
  return [...best.values()].toSorted((a, b) => a.cost - b.cost);
}

/** The part of a long job that is valued, with its share of the time, and the pools that the job may use. */
function partOf(job: RunningJob): JobInPools {
  const share = Math.min(1, (longest.work * tick) / job.workLeft);
  const { place } = job;
  const own = place.kind === 'spot' ? job.pools.find(({ id }) => id === place.pool) : undefined;
  return {
    ...job,
    workLeft: job.workLeft * share,
    timeLeft: job.timeLeft * share,
    pools: own ? job.pools.filter((pool) => pool === own || pool.price <= cheaper * own.price) : job.pools,
    canIdle: false,
  };
}
