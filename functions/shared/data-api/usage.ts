import { functionEnv } from '../env.ts';
import { emit } from '../metrics.ts';
import { minuteMs, msSince } from '../time.ts';

/** This container's calls since it last emitted them. */
let calls = 0;
let repeats = 0;
let saidAt: Date | undefined;

export function countCall(isRepeat: boolean): void {
  calls += 1;
  if (isRepeat) repeats += 1;
}

/**
 * Emits how many calls there were, at most once a minute: a line for each request would cost more than the calls.
 * Whatever a container has not emitted when it ends is lost: about a minute of its calls.
 * @param now the time of the invocation that ends
 */
export function sayUsage(now: Date): void {
  saidAt ??= now;
  if (calls === 0 || msSince(saidAt, now) < minuteMs) return;
  emit({ DataApiCalls: calls, DataApiRepeats: repeats }, { function: functionEnv().POWERTOOLS_SERVICE_NAME });
  calls = 0;
  repeats = 0;
  saidAt = now;
}
