import { forEachIsolated } from '../shared/for-each-isolated.ts';

/** So many at a time that one tenant whose calls hang holds few others up. */
const atOnce = 5;

/**
 * Does a job's work tenant by tenant, as long as there is time. A tenant that fails holds up no other; logs name it by its id
 * alone, since its rows hold the external id.
 * @param work says how much it has changed
 * @returns the sum of that
 */
export function eachTenant<T extends { readonly clientId: string }>(
  what: string,
  rows: readonly T[],
  work: (ofTenant: readonly [T, ...T[]]) => Promise<number>,
  hasTime: () => boolean,
): Promise<number> {
  const byTenant = [...Map.groupBy(rows, ({ clientId }) => clientId)] as [string, [T, ...T[]]][];
  return forEachIsolated(what, byTenant, ([, ofTenant]) => work(ofTenant), {
    atOnce,
    hasTime,
    name: ([clientId]) => ({ clientId }),
  });
}
