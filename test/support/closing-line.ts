import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends the run with a line to count by: `12 passed, 0 failed`, and `, 1 skipped` when some were. What is broken outside
 * of a test counts as failed too: a file that does not load, a hook, an error that nobody caught.
 */
export default class ClosingLine implements Reporter {
  #line = '0 passed, 1 failed';

  constructor() {
    // Not at the end of the tests: the default reporter's summary comes after that, and this line is to be the last.
    process.once('exit', () => console.log(this.#line));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = countTests(modules, unhandledErrors);
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    this.#line = `${counts.passed} passed, ${counts.failed} failed${skipped}`;
  }
}

export function countTests(modules: readonly TestModule[], unhandledErrors: readonly unknown[]) {
  const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
  for (const module of modules) {
    counts.failed += module.errors().length;
    for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      // Pending: it never got to run, because its file or a hook before it failed, or the run was broken off.
      counts[state === 'pending' ? 'failed' : state]++;
    }
  }
  return counts;
}
