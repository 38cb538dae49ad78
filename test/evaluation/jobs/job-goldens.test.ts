import { it } from 'vitest';
import { DataFolder } from '../../../evaluation/data/data-folder.ts';
import { jobSets } from '../../../evaluation/data/job-sets.ts';
import { readJobSet } from '../../../evaluation/data/read-job-set.ts';
import { jobGreedy, jobOnDemand, uniformProgress } from '../../../evaluation/jobs/job-baselines.ts';
import type { JobWorld } from '../../../evaluation/jobs/job-world.ts';
import { jobSizes, onePoolWorld, worldOfEachPool } from '../../../evaluation/jobs/job-worlds.ts';
import { omniscientJob } from '../../../evaluation/jobs/omniscient-job.ts';
import { simulateJob } from '../../../evaluation/jobs/simulate-job.ts';
import { mean } from '../../../evaluation/report/statistics.ts';
import { expectGolden } from '../../support/evaluation/expect-golden.ts';
import { describeRecorded, golden, recordedData, recordedGroup } from '../../support/evaluation/recorded-data.ts';
import { playsAllMarkets } from '../../support/run/sizes.ts';

/** Mean costs in b2.json have three decimals. */
const halfOfLastDecimal = 5.01e-4;

interface OnePoolJob {
  readonly group: string;
  readonly az: string;
  readonly offset: number;
  readonly deadlineHours: number;
  readonly restartOverheadSeconds: number;
}
interface OnePoolGoldens {
  readonly anchor: OnePoolJob & { taskHours: number; p: number; q: number; uniformProgressCostUsd: number };
  readonly jobs: readonly (OnePoolJob & {
    taskSeconds: number;
    costUsd: { onDemand: number; greedy: number; uniformProgress: number };
    omniscientUsd: number;
  })[];
}
interface SeveralPoolGoldens {
  readonly table: Record<string, Record<string, Record<string, { meanUsd: number }>>>;
  readonly jobs: Record<string, Record<string, number[]>>;
}

describeRecorded('jobs on recorded markets', () => {
  const { anchor, jobs } = golden<OnePoolGoldens>('golden-family-b.json');
  const worldOf = ({ group: id, az }: OnePoolJob) => {
    const group = recordedGroup(`availability/${id}`);
    return onePoolWorld(group, group.pools.find((pool) => pool.id === az)!);
  };
  const jobOf = ({ offset, deadlineHours, restartOverheadSeconds }: OnePoolJob, work: number) => ({
    start: offset,
    work,
    deadline: deadlineHours * 3600,
    overhead: restartOverheadSeconds,
  });

  it("cost with Uniform Progress what its authors' own program computes", () => {
    const recorded = worldOf(anchor);
    const [pool] = recorded.pools as [JobWorld['pools'][number]];
    const world: JobWorld = {
      ...recorded,
      regions: [{ name: 'theirs', onDemandPrice: anchor.q }],
      pools: [{ ...pool, prices: pool.prices.map(() => anchor.p) }],
    };
    const job = jobOf(anchor, anchor.taskHours * 3600);
    const { cost } = simulateJob(world, job, uniformProgress()(world, job), 0);
    expectGolden(cost, anchor.uniformProgressCostUsd, 'Uniform Progress');
  });

  it.each(jobs)('cost in one pool what the golden results say: $group $az $deadlineHours h', (wanted) => {
    const [world, job] = [worldOf(wanted), jobOf(wanted, wanted.taskSeconds)];
    const costOf = (make: typeof jobGreedy) => simulateJob(world, job, make(world, job), 0).cost;
    expectGolden(costOf(jobOnDemand), wanted.costUsd.onDemand, 'on-demand');
    expectGolden(costOf(jobGreedy), wanted.costUsd.greedy, 'greedy');
    expectGolden(costOf(uniformProgress()), wanted.costUsd.uniformProgress, 'Uniform Progress');
    expectGolden(omniscientJob(world, job, jobSizes(world.tickSeconds).unit), wanted.omniscientUsd, 'omniscient');
  });
}, ['golden-family-b.json']);

describeRecorded('jobs in several pools on recorded markets', () => {
  const several = golden<SeveralPoolGoldens>('b2.json');
  const sets = jobSets(new DataFolder(recordedData));
  it.each(sets)('cost in one pool, on average, what b2.json says: $name', (set) => {
    const worlds = worldOfEachPool(readJobSet(set));
    const { work, overhead } = jobSizes(worlds[0]!.tickSeconds);
    for (const [hours, starts] of Object.entries(set.starts)) {
      const jobs = starts.map((start) => ({ start, work, overhead, deadline: Number(hours) * 3600 }));
      const costs = worlds.flatMap((world) =>
        jobs.map((job) => simulateJob(world, job, uniformProgress()(world, job), 600).cost),
      );
      const { meanUsd } = several.table[set.name]![hours]!['UP single (mean over pools)']!;
      expectGolden(mean(costs), meanUsd, `${hours} h`, halfOfLastDecimal);
    }
  });

  it.each(Object.keys(several.jobs))('cost what b2.json says: %s', (name) => {
    const [set, hours] = name.split('-') as [string, string];
    const world = readJobSet(sets.find((one) => one.name === set)!);
    const { work, overhead, unit } = jobSizes(world.tickSeconds);
    const { starts, ...byPolicy } = several.jobs[name]!;
    for (const [index, start] of starts!.entries()) {
      if (!playsAllMarkets && index >= 3) break;
      const job = { start, work, overhead, deadline: Number(hours) * 3600 };
      const expectCost = (policy: string, cost: number) => expectGolden(cost, byPolicy[policy]![index]!, policy);
      expectCost('on-demand', simulateJob(world, job, jobOnDemand(world, job), 600).cost);
      expectCost('greedy multi', simulateJob(world, job, jobGreedy(world, job), 600).cost);
      expectCost('UP multi', simulateJob(world, job, uniformProgress()(world, job), 600).cost);
      if (byPolicy['UP multi (probe every tick)'])
        expectCost('UP multi (probe every tick)', simulateJob(world, job, uniformProgress()(world, job), 0).cost);
      if (index < 1 || playsAllMarkets) expectCost('omniscient', omniscientJob(world, job, unit));
    }
  });
}, ['b2.json']);
