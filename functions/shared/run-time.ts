import { secondMs } from './time.ts';

/** What one turn of a loop may take: a transaction that waits for a lock in vain, twice, and its calls. */
const turnMs = 10 * secondMs;

/** The time that a run of a job has. A loop asks before each turn; what there is no time for is left to the next run. */
export interface RunTime {
  /** Whether there is time for one more turn, and to end the run. @param ms what the turn takes at most */
  readonly hasTime: (ms?: number) => boolean;
  /** One of so many equal parts of what is left. */
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
