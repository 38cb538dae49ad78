import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { LongestFirst } from './test/support/run/longest-first.ts';
import { tier } from './test/support/run/tier.ts';

const limits = {
  maxWorkers: 2,
  testTimeout: 120_000, // what takes a quarter of it on an idle machine must pass on a busy one
  hookTimeout: 120_000,
  // Of functions that a test calls itself; what runs in a local control plane has the environment of that.
  env: { POWERTOOLS_METRICS_DISABLED: 'true' },
  // Of all that is random in a run. CI has one of its own: whether a change lands depends on the change alone.
  provide: { runSeed: Number(process.env.RUN_SEED ?? Math.floor(Math.random() * 2 ** 30)) },
};

/** Random worlds, and what else takes long: each worker plays a part. */
const simulations = ['failover-simulation', 'agent-interleavings', 'schema-fuzz'].map(
  (name) => `test/system/${name}.test.ts`,
);

/**
 * Tests of other files once more, on other functions: in a process of their own, where those files are not loaded yet, and
 * not in `npm test`.
 */
const again = 'test/system/bare-*.test.ts';
const parts = process.env.SEED === undefined ? 2 : 1;

const bareFunctions: TestProjectInlineConfiguration = {
  test: {
    name: 'bare functions',
    include: [again],
    pool: 'forks',
    sequence: { groupOrder: 1 },
    ...limits,
    env: { ...limits.env, NOTICES: '50' }, // how many come at once is no matter of theirs
  },
};

/** A project for each part. */
const inParts = (name: string, test: TestProjectInlineConfiguration['test']): TestProjectInlineConfiguration[] =>
  Array.from({ length: parts }, (_, part) => ({
    test: {
      name: `${name} ${part + 1}/${parts}`,
      ...test,
      ...limits,
      provide: { ...limits.provide, simulation: { part, parts } },
    },
  }));

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/run/reporter.ts'],
    globalSetup: './test/support/run/global-setup.ts',
    projects: [
      ...inParts('simulation', { include: simulations, pool: 'forks', sequence: { groupOrder: 1 } }),
      {
        test: {
          name: 'tests',
          include: ['test/**/*.test.ts'],
          exclude: [...simulations, again],
          pool: 'forks',
          // Not 0: files of that group may run after all others where there is a single worker.
          sequence: { groupOrder: 1 },
          // A worker runs file after file in one process: what one has loaded and compiled serves the next.
          isolate: false,
          ...limits,
        },
      },
      ...(tier === 'usual' ? [] : [bareFunctions]),
      // After all others: it checks the statements that they executed.
      ...inParts('grammar', { include: ['test/system/grammar.check.ts'], sequence: { groupOrder: 2 } }),
    ],
  },
});
