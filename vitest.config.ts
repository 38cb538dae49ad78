import { defineConfig } from 'vitest/config';

const limits = { maxWorkers: 2, testTimeout: 60_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
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
      { test: { name: 'grammar', include: ['test/grammar.check.ts'], sequence: { groupOrder: 2 }, ...limits } },
    ],
  },
});
