import type { Reporter, TestModule } from 'vitest/node';

/** How many of the slowest files are listed. */
const listed = 10;

/**
 * Ends the run with the slowest files and a line of totals: `12 passed, 0 failed`, and `, 1 skipped` when some were.
 * Failures outside of a test count as failed too: a file that does not load, a hook, an uncaught error.
 */
export default class ClosingLines implements Reporter {
  #lines = ['0 passed, 1 failed'];

  constructor() {
    // Not at the end of the tests: the default reporter's summary comes after that, and the totals must come last.
    process.once('exit', () => console.log(this.#lines.join('\n')));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    this.#lines = [...slowest(modules), closingLine(modules, unhandledErrors)];
  }
}

function slowest(modules: readonly TestModule[]): string[] {
  if (modules.length < listed) return [];
  const times = modules
    .map((module) => {
      const { collectDuration, duration, environmentSetupDuration, prepareDuration, setupDuration } =
        module.diagnostic();
      const ms = collectDuration + duration + environmentSetupDuration + prepareDuration + setupDuration;
      return { seconds: ms / 1000, name: `${module.relativeModuleId} (${module.project.name})` };
    })
    .sort((a, b) => b.seconds - a.seconds);
  const total = times.reduce((sum, { seconds }) => sum + seconds, 0);
  return [
    `The slowest of ${modules.length} files, seconds of ${total.toFixed(0)} in all:`,
    ...times.slice(0, listed).map(({ seconds, name }) => `${seconds.toFixed(1).padStart(7)}  ${name}`),
  ];
}

function closingLine(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): string {
  const { passed, failed, skipped } = countTests(modules, unhandledErrors);
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

export function countTests(modules: readonly TestModule[], unhandledErrors: readonly unknown[]) {
  const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
  for (const module of modules) {
    counts.failed += module.errors().length;
    for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      // Pending: it never ran, because its file or a hook before it failed, or the run was aborted.
      counts[state === 'pending' ? 'failed' : state]++;
    }
  }
  return counts;
}
