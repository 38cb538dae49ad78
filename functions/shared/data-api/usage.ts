import { functionEnv } from '../env.ts';
import { emit } from '../metrics.ts';
import { minuteMs, msSince } from '../time.ts';

/** What this container has called since it last said so. */
let calls = 0;
let repeats = 0;
let saidAt: Date | undefined;

export function countCall(isRepeat: boolean): void {
  calls += 1;
  if (isRepeat) repeats += 1;
}

/**
 * Emits how many calls there were, once a minute at most: a line for each request would cost more than the calls. What a
 * container has not said when it ends is lost, a minute of its calls.
 * @param now of the invocation that ends
 */
export function sayUsage(now: Date): void {
  saidAt ??= now;
  if (calls === 0 || msSince(saidAt, now) < minuteMs) return;
  emit({ DataApiCalls: calls, DataApiRepeats: repeats }, { function: functionEnv().POWERTOOLS_SERVICE_NAME });
  calls = 0;
  repeats = 0;
  saidAt = now;
}
