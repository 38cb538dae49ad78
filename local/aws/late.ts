/** Stands for a result that did not arrive in time. */
export const late = Symbol('late');

/**
 * Runs something and waits at most this many milliseconds for it (Infinity: as long as it takes). If it is late it
 * keeps running, but its result is ignored.
 */
export async function orLate<T>(ms: number, run: () => Promise<T>): Promise<T | typeof late> {
  if (ms === Number.POSITIVE_INFINITY) return run();
  const { promise, resolve } = Promise.withResolvers<typeof late>();
  const timer = setTimeout(resolve, ms, late);
  try {
    return await Promise.race([run(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
