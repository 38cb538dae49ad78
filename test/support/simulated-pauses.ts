/**
 * Loaded into the functions' process before they are: their pauses take no time but that of a clock of their own, and
 * jitter is even, so that a run does not depend on how fast the machine is, and a seed repeats it.
 */
const longestPause = 1000; // what is longer is a time limit of the SDK's or of Lambda's
let ahead = 0;
const now = Date.now();
const wait = globalThis.setTimeout;

Date.now = () => now + ahead;
Math.random = () => 0.5;
globalThis.setTimeout = Object.assign(
  (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    if (ms >= longestPause) return wait(run, ms, ...args);
    ahead += ms;
    return wait(run, 0, ...args);
  },
  { __promisify__: wait.__promisify__ },
) as typeof setTimeout;
