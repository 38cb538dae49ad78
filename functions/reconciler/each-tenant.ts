import { forEachIsolated } from '../shared/for-each-isolated.ts';

/** Enough tenants at a time that one whose calls hang holds up few others. */
const atOnce = 5;

/**
 * Processes a job's rows tenant by tenant, while there is time. A tenant that fails holds up no other. Logs name a
 * tenant by its id alone, because its rows hold the external id.
 * @param work returns how much it changed
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
