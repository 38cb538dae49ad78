import { type PolicyBConfig, tick } from '../../functions/core/decision/policy-b/config.ts';
import type { TablesFor } from '../../functions/core/decision/policy-b/outlook.ts';
import { runningKind } from '../../functions/core/decision/policy-b/running-job.ts';
import { tablesByShare, ValueTables } from '../../functions/core/decision/policy-b/value-tables.ts';
import type { Policies } from '../policies.ts';
import { jobAlwaysRunning, jobGreedy, jobOnDemand, jobSliced, uniformProgress } from './job-baselines.ts';
import type { Job, JobPolicy, JobWorld } from './job-world.ts';
import { worldOfEachPool } from './job-worlds.ts';
import { onePoolPolicy } from './one-pool-policy.ts';
import { runningJobPolicy } from './running-job-policy.ts';
import { severalPoolsPolicy } from './several-pools-policy.ts';

/** A policy that is scored on jobs. If it has parts of a world, such as one for each pool, their mean counts. */
export type JobContestant = readonly [
  name: string,
  make: (world: JobWorld, job: Job) => JobPolicy,
  partsOf?: (world: JobWorld) => JobWorld[],
];

export const onDemandAlone = 'on-demand';
export const jobBound = 'omniscient';

/** The policies that are scored on jobs with one pool. */
export const onePoolLineUp = ({ b }: Policies): JobContestant[] => [
  [onDemandAlone, jobOnDemand],
  ['greedy', jobGreedy],
  ['time-sliced 4 h', jobSliced(4)],
  ['Uniform Progress', uniformProgress()],
  ['Uniform Progress, power 1.5', uniformProgress(1.5)],
  ['policy B', onePoolContestant(b)],
  ['policy B, always running', runningContestant(b)],
];

/** The policies that are scored on jobs with several pools. */
export const severalPoolsLineUp = ({ b }: Policies): JobContestant[] => [
  [onDemandAlone, jobOnDemand],
  ['greedy', jobGreedy],
  ['Uniform Progress, one pool', uniformProgress(), worldOfEachPool],
  ['Uniform Progress', uniformProgress()],
  ['policy B', severalPoolsContestant(b)],
  ['cheapest, always running', jobAlwaysRunning],
  ['policy B, always running', runningContestant(b)],
];

/** All jobs with the same spot share and overhead share their value tables. */
function onePoolContestant(config: PolicyBConfig): JobContestant[1] {
  const known = new Map<string, ValueTables>();
  return (world, job) => {
    const spotShare = world.pools[0]!.prices[job.start]! / world.regions[0]!.onDemandPrice;
    const key = `${spotShare.toFixed(4)} ${job.overhead}`;
    const tables = known.get(key) ?? new ValueTables({ spotShare, ...sizeOf(job) }, config);
    known.set(key, tables);
    return onePoolPolicy(world, job, tables, config);
  };
}

function severalPoolsContestant(config: PolicyBConfig): JobContestant[1] {
  const known = new Map<number, TablesFor>();
  return (world, job) => {
    const tables = known.get(job.overhead) ?? tablesByShare(sizeOf(job), config);
    known.set(job.overhead, tables);
    return severalPoolsPolicy(world, job, tables, config);
  };
}

/** Policy B as production uses it (docs/adr/0071). */
function runningContestant(config: PolicyBConfig): JobContestant[1] {
  const known = new Map<number, TablesFor>();
  return (world, job) => {
    const tables = known.get(job.overhead) ?? tablesByShare(runningKind(job.overhead / tick), config);
    known.set(job.overhead, tables);
    return runningJobPolicy(world, job, tables, config);
  };
}

const sizeOf = ({ work, overhead }: Job) => ({
  overhead: overhead / tick,
  work: Math.ceil((work + 2 * overhead) / tick),
  slack: longestSlack,
  canIdle: true,
});

/** The slack of the latest deadline, in ticks. */
const longestSlack = ((92 - 48) * 3600) / tick + 2;
