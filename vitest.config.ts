import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const limits = { maxWorkers: 2, testTimeout: 60_000, hookTimeout: 120_000 };

/** Takes minutes, and so begins first: otherwise one worker would be left with it when the other has nothing to do. */
const longest = ['failover-simulation', 'faults', 'agent-interleavings', 'crash-matrix', 'reconciler'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return place < 0 ? longest.length : place;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'tests',
          include: ['test/**/*.test.ts'],
          globalSetup: './test/support/global-setup.ts',
          pool: 'forks',
          // Not 0: files of that group may run after all others where there is a single worker.
          sequence: { groupOrder: 1 },
          ...limits,
        },
      },
      // After all others: it checks the statements that they executed.
      { test: { name: 'grammar', include: ['test/system/grammar.check.ts'], sequence: { groupOrder: 2 }, ...limits } },
    ],
  },
});
