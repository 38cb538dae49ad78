import { type PolicyBConfig, tick } from './config.ts';
import { cheapestOnDemand, type JobInPools } from './job-in-pools.ts';
import type { TablesFor } from './outlook.ts';
import { safetyNet } from './safety-net.ts';
import { type Choice, weighPlaces } from './several-pools.ts';
import type { JobKind } from './value-table.ts';

/** A job that runs all the time: nobody can stop it, only move it. */
export type RunningJob = Omit<JobInPools, 'canIdle'>;

/**
 * What a job is valued by, at most, in ticks: six hours of work, with six to spare. A longer one is valued by a part of it that has as
 * large a share of the time; tables of days have closed less of the gap (docs/adr/0071).
 */
const longest = { work: 36, slack: 36 };

/** A pool that runs is left for another only where that costs so much less: what lives are expected to be differs by chance. */
const cheaper = 0.95;

/** The value tables of all jobs with the same overhead, in ticks, are of one size. */
export const runningKind = (overhead: number): Omit<JobKind, 'spotShare'> => ({
  overhead,
  work: longest.work + Math.ceil(2 * overhead),
  slack: longest.slack,
  canIdle: false,
});

/**
 * Whether the deadline leaves a choice. What a job has past its overhead in Spot is not kept, as it is where somebody looks each
 * tick: it may be lost, and launched in Spot again, before the next decision.
 */
export const isFree = (job: RunningJob): boolean =>
  safetyNet(job, job.place.kind === 'spot' ? { overheadLeft: Number.POSITIVE_INFINITY } : null) === 'free';

/** Where a job may run until the next decision, what costs least first; on-demand alone where the deadline leaves no choice. */
export function placesOfRunningJob(job: RunningJob, tablesFor: TablesFor, config: PolicyBConfig): Choice[] {
  const onDemand = { place: cheapestOnDemand({ ...job, canIdle: false }).place, cost: 0 };
  if (!isFree(job)) return [onDemand];
  const best = new Map<string, Choice>();
  for (const choice of weighPlaces(partOf(job), tablesFor, config)) {
    const key = JSON.stringify(choice.place);
    if (choice.cost < (best.get(key)?.cost ?? Number.POSITIVE_INFINITY)) best.set(key, choice);
  }
  return best.size === 0 ? [onDemand] : [...best.values()].toSorted((a, b) => a.cost - b.cost);
}

/** Of a long job a part that has its share of the time; with the pools that it may be in. */
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
