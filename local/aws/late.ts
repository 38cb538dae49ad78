/** In place of a result that did not come in time. */
export const late = Symbol('late');

/**
 * Runs something, and waits for it no longer than so many milliseconds (Infinity: as long as it takes). What is late runs
 * on, and nobody hears its result.
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
