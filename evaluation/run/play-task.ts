import { simulate } from '../../functions/core/backtest/simulator/simulate.ts';
import { readGroup } from '../data/data-set.ts';
import { readJobSet } from '../data/read-job-set.ts';
import type { Job, JobWorld } from '../jobs/job-world.ts';
import { jobSizes, onePoolWorld } from '../jobs/job-worlds.ts';
import { type JobContestant, jobBound, onDemandAlone, onePoolLineUp, severalPoolsLineUp } from '../jobs/line-up.ts';
import { omniscientJob } from '../jobs/omniscient-job.ts';
import { type JobResult, simulateJob } from '../jobs/simulate-job.ts';
import type { Policies } from '../policies.ts';
import { mean } from '../report/statistics.ts';
import { priceLineUp, serviceLineUp, slos } from '../service/line-up.ts';
import { omniscient, omniscientAt } from '../service/omniscient.ts';
import { profiles } from '../service/profile.ts';
import { choosers } from '../standbys/choosers.ts';
import { playStandbys } from '../standbys/play-standbys.ts';
import type { JobRow, Row } from './rows.ts';
import type { Task } from './tasks.ts';

/** Plays a task with all policies and bounds. */
export function playTask(task: Task, policies: Policies): Row[] {
  if (task.kind === 'service') return playService(task, policies);
  if (task.kind === 'standbys') return playPlacements(task);
  if (task.kind === 'pools')
    return playJobs(task, task.set.name, readJobSet(task.set), lineUpOf(severalPoolsLineUp, policies), 600);
  const group = readGroup(task.path);
  return playJobs(task, task.set, onePoolWorld(group, group.pools[task.pool]!), lineUpOf(onePoolLineUp, policies), 0);
}

function playPlacements({ name, path }: Extract<Task, { kind: 'standbys' }>): Row[] {
  const group = readGroup(path);
  return Object.entries(choosers).map(([policy, choose]) => ({
    kind: 'standbys',
    group: name,
    policy,
    result: playStandbys(group, choose),
  }));
}

/** Cached, because the policies' value tables are expensive to compute. */
const kept = new Map<(policies: Policies) => JobContestant[], JobContestant[]>();
function lineUpOf(make: (policies: Policies) => JobContestant[], policies: Policies): JobContestant[] {
  const lineUp = kept.get(make) ?? make(policies);
  kept.set(make, lineUp);
  return lineUp;
}

function playService({ name, path, set, profile }: Extract<Task, { kind: 'service' }>, policies: Policies): Row[] {
  const group = readGroup(path);
  const timing = profiles[profile];
  const lineUp = set === 'prices' ? priceLineUp : serviceLineUp;
  const row = { kind: 'service', set, group: name, profile, days: (group.steps * group.stepSeconds) / 86_400 } as const;
  return [
    ...lineUp(group, timing, policies).map(([policy, variants]) => ({
      ...row,
      policy,
      results: variants.map((make) => simulate(group, make(), timing)),
    })),
    { ...row, policy: 'omniscient', results: [omniscient(group, timing)] },
    ...slos.map((slo) => ({ ...row, policy: `omniscient @${slo}`, results: [omniscientAt(group, timing, slo)] })),
  ];
}

function playJobs(
  { hours, starts }: { readonly hours: number; readonly starts: readonly number[] },
  set: string,
  world: JobWorld,
  lineUp: readonly JobContestant[],
  probeSeconds: number,
): Row[] {
  const { work, overhead, unit } = jobSizes(world.tickSeconds);
  const jobs = starts.map((start): Job => ({ start, work, overhead, deadline: hours * 3600 }));
  const results = lineUp.map(([policy, make, partsOf]) => {
    const parts = partsOf?.(world) ?? [world];
    const play = (job: Job) => meanOf(parts.map((part) => simulateJob(part, job, make(part, job), probeSeconds)));
    return [policy, jobs.map(play)] as const;
  });
  const isRelative = world.pools.length === 1;
  const [, alone] = results.find(([policy]) => policy === onDemandAlone)!;
  const scaled = (costs: readonly number[]) => costs.map((cost, job) => (isRelative ? cost / alone[job]!.cost : cost));
  const row = { kind: 'jobs', set, hours } as const;
  const bound = scaled(jobs.map((job) => omniscientJob(world, job, unit)));
  return [
    ...results.map(([policy, results]) => ({
      ...row,
      policy,
      ...summed(results),
      costs: scaled(results.map(({ cost }) => cost)),
    })),
    { ...row, policy: jobBound, costs: bound, misses: 0, launches: 0, onDemandHours: 0 },
  ];
}

function meanOf(parts: readonly JobResult[]): JobResult {
  const of = (name: Exclude<keyof JobResult, 'isDone'>) => mean(parts.map((part) => part[name]));
  return {
    cost: of('cost'),
    isDone: parts.every(({ isDone }) => isDone),
    launches: of('launches'),
    regionMoves: of('regionMoves'),
    onDemandHours: of('onDemandHours'),
  };
}

function summed(results: readonly JobResult[]): Pick<JobRow, 'misses' | 'launches' | 'onDemandHours'> {
  const sum = (of: (result: JobResult) => number) => results.reduce((total, result) => total + of(result), 0);
  return {
    misses: sum(({ isDone }) => Number(!isDone)),
    launches: sum(({ launches }) => launches),
    onDemandHours: sum(({ onDemandHours }) => onDemandHours),
  };
}
