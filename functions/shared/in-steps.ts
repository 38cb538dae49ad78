import { logger } from './logger.ts';
import type { RunTime } from './run-time.ts';

export type Step = (time: RunTime) => Promise<number>;

/**
 * Runs a job's steps one after the other, each in an equal share of the remaining time. A step that fails does not stop
 * the ones after it; the run fails at the end.
 * @param steps by the name that logs show
 * @returns the sum of what they changed
 * @throws AggregateError that names the steps that failed
 */
export async function inSteps(steps: Readonly<Record<string, Step>>, time: RunTime): Promise<number> {
  const failures: { readonly name: string; readonly error: unknown }[] = [];
  const entries = Object.entries(steps);
  let changed = 0;
  for (const [i, [name, step]] of entries.entries()) {
    try {
      changed += await step(time.share(entries.length - i));
    } catch (error) {
      logger.error('step of a job failed', { step: name, error: error as Error });
      failures.push({ name, error });
    }
  }
  if (failures.length === 0) return changed;
  const what = failures.map(({ name, error }) => `${name}: ${String(error)}`).join('; ');
  throw new AggregateError(
    failures.map(({ error }) => error),
    `${failures.length} of ${entries.length} steps failed: ${what}`,
  );
}
