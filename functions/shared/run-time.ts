import { secondMs } from './time.ts';

/** What one iteration of a loop may take: a transaction that waits for a lock in vain, twice, and its calls. */
const turnMs = 10 * secondMs;

/** The time that a run of a job has. A loop checks before each iteration and leaves the rest to the next run. */
export interface RunTime {
  /** Whether there is time for one more iteration, and to end the run. @param ms the most that the iteration takes */
  readonly hasTime: (ms?: number) => boolean;
  /** One of `parts` equal parts of the remaining time. */
  readonly share: (parts: number) => RunTime;
}

/** @param remaining milliseconds until the run is killed */
export function runTime(remaining: () => number, until = 0): RunTime {
  return {
    hasTime: (ms = turnMs) => remaining() > Math.max(ms, until),
    share(parts) {
      const left = remaining();
      return runTime(remaining, left - Math.max(0, left - Math.max(turnMs, until)) / parts);
    },
  };
}
