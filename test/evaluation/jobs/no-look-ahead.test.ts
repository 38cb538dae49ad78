import { describe, expect, it } from 'vitest';
import { jobGreedy, jobOnDemand, jobSliced, uniformProgress } from '../../../evaluation/jobs/job-baselines.ts';
import type { Job, JobPolicy, JobWorld } from '../../../evaluation/jobs/job-world.ts';
import { onePoolPolicy } from '../../../evaluation/jobs/one-pool-policy.ts';
import { runningJobPolicy } from '../../../evaluation/jobs/running-job-policy.ts';
import { severalPoolsPolicy } from '../../../evaluation/jobs/several-pools-policy.ts';
import { simulateJob } from '../../../evaluation/jobs/simulate-job.ts';
import { policyBConfig } from '../../../functions/core/decision/policy-b/config.ts';
import { runningKind } from '../../../functions/core/decision/policy-b/running-job.ts';
import { tablesByShare, ValueTables } from '../../../functions/core/decision/policy-b/value-tables.ts';
import fc from '../../support/fast-check.ts';

const tickSeconds = 600;
const job: Job = { start: 0, work: 24 * 600, overhead: 720, deadline: 60 * 600 };
const ticks = 60;
const tables = new ValueTables({ spotShare: 0.3, overhead: 1.2, work: 30, slack: 40, canIdle: true }, policyBConfig);

const tablesFor = tablesByShare({ overhead: 1.2, work: 30, slack: 40, canIdle: true }, policyBConfig);
const runningTables = tablesByShare(runningKind(1.2), policyBConfig);

const policies: Record<string, (world: JobWorld) => JobPolicy> = {
  'on-demand': (world) => jobOnDemand(world, job),
  greedy: (world) => jobGreedy(world, job),
  'time-sliced': (world) => jobSliced(1)(world, job),
  'Uniform Progress': (world) => uniformProgress()(world, job),
  'policy B, several pools': (world) => severalPoolsPolicy(world, job, tablesFor, policyBConfig),
  'policy B, always running': (world) => runningJobPolicy(world, job, runningTables, policyBConfig),
  'policy B, one pool': (world) => onePoolPolicy(world, job, tables, policyBConfig),
};

const spells = fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 10, max: 90 })), {
  minLength: 60,
  maxLength: 60,
});

function worldOf(runs: readonly (readonly (readonly [number, number])[])[]): JobWorld {
  const pools = runs.map((spells, index) => {
    const states = spells.flatMap(([length, price], spell) => Array(length).fill([spell % 2, price / 100]));
    return {
      id: `pool ${index}`,
      region: index % 2,
      up: Uint8Array.from(states.slice(0, ticks), ([up]) => up),
      prices: Float64Array.from(states.slice(0, ticks), ([, price]) => price),
    };
  });
  const regions = [0, 1].map((region) => ({ name: `region ${region}`, onDemandPrice: 1 + region / 10 }));
  return { tickSeconds, ticks, regionMove: 0.1, regions, pools };
}

/** What a policy asked for before the tick `until`. */
function wishes(world: JobWorld, make: (world: JobWorld) => JobPolicy, until: number): string[] {
  const said: string[] = [];
  const policy = make(world);
  simulateJob(
    world,
    job,
    (sight) => {
      const wish = policy(sight);
      if (sight.elapsed < until * tickSeconds) said.push(`${sight.elapsed}: ${JSON.stringify(wish)}`);
      return wish;
    },
    600,
  );
  return said;
}

describe('a job policy', () => {
  it.each(Object.entries(policies))('%s does not look ahead: the future changes no earlier decision', (name, make) => {
    const pools = name.includes('one pool') ? 1 : 3;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(spells, spells), { minLength: pools, maxLength: pools }),
        fc.integer({ min: 1, max: ticks - 1 }),
        (runs, from) => {
          const past = worldOf(runs.map(([spells]) => spells));
          const future = worldOf(runs.map(([, spells]) => spells));
          for (const [index, { up, prices }] of future.pools.entries()) {
            up.set(past.pools[index]!.up.subarray(0, from));
            prices.set(past.pools[index]!.prices.subarray(0, from));
          }
          expect(wishes(future, make, from)).toEqual(wishes(past, make, from));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('that looks ahead would be caught by this test', () => {
    const cheat =
      (world: JobWorld): JobPolicy =>
      (sight) =>
        world.pools[0]!.up[sight.elapsed / tickSeconds + 1] ? { kind: 'on-demand', region: 0 } : { kind: 'idle' };
    const past = worldOf([[[60, 50], [1, 50]]]); // biome-ignore format: one spell after the other
    const future = worldOf([[[9, 50], [51, 50]]]); // biome-ignore format: one spell after the other
    past.pools[0]!.up.fill(1);
    future.pools[0]!.up.fill(1, 0, 10).fill(0, 10);
    expect(wishes(future, cheat, 10)).not.toEqual(wishes(past, cheat, 10));
  });

  it('misses no deadline, whatever the market does', () => {
    fc.assert(
      fc.property(spells, (runs) => {
        const world = worldOf([runs]);
        for (const [name, make] of Object.entries(policies))
          expect(simulateJob(world, job, make(world), 0).isDone, name).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});
