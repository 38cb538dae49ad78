import { sql } from 'kysely';
import { forEachIsolated } from '../../shared/for-each-isolated.ts';
import { inGroups } from '../../shared/in-groups.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { keyOfPlace, type Place } from './places.ts';

/** A place with the number of its active pools, which is about a hundred at most (`admitted-pools.ts`). */
export interface SizedPlace extends Place {
  readonly pools: number;
}

const poolsIn = (alias: 'a' | 'p') => sql`spot_pools AS q WHERE q.instance_type = ${sql.ref(`${alias}.instance_type`)}
  AND q.region = ${sql.ref(`${alias}.region`)} AND q.is_active`;

/** How many pools there are in the place of the row `alias`: a column for another statement. */
export const poolsOfPlace = (alias: 'a' | 'p') => sql<number>`(SELECT COUNT(*) FROM ${poolsIn(alias)})`;

/** An order: places with a price from EC2 or from two tenants first, so that invented types hold up no other. */
export const trustedFirst = (alias: 'a' | 'p') => sql`(SELECT COUNT(q.latest_price) FROM ${poolsIn(alias)}) > 0 DESC`;

/** The most places to read at once: with the longest names they fit the 1 MiB of a Data API response. */
export const placesAtOnce = 3000;

/** So do all rows of so many pools and places. */
const inGroup = { pools: 400, places: 50 };

/** Splits places, in order, into groups whose pools can be read at once. */
export function groupsOfPlaces(places: readonly SizedPlace[]): SizedPlace[][] {
  const groups: SizedPlace[][] = [];
  let pools = 0;
  for (const place of places) {
    pools += place.pools;
    if (groups.length === 0 || pools > inGroup.pools || groups.at(-1)!.length === inGroup.places) {
      groups.push([]);
      pools = place.pools;
    }
    groups.at(-1)!.push(place);
  }
  return groups;
}

interface Work {
  /** Reads the places that are due, at most `placesAtOnce`, the next one first. */
  readonly due: () => Promise<readonly SizedPlace[]>;
  /** Safe to run twice for the same places. @returns how much it changed */
  readonly work: (group: readonly Place[]) => Promise<number>;
  readonly hasTime: RunTime['hasTime'];
}

/**
 * Does a job's work on the places that are due, a group at a time, while there is time. A place that fails holds up no
 * other: it is logged, and the next run tries it again.
 * @returns how much it changed
 * @throws AggregateError when a place failed; the others were done
 */
export async function eachPlace(what: string, { due, work, hasTime }: Work): Promise<number> {
  const failures: unknown[] = [];
  let changed = 0;
  const workOn = async (group: readonly SizedPlace[]) => {
    const done = await inGroups(what, group, async (those) => {
      changed += await work(those);
      return those;
    });
    if (done.length < group.length) throw new Error(`${group.length - done.length} places failed`);
    return true;
  };
  const name = (group: readonly SizedPlace[]) => ({ places: group.length, first: keyOfPlace(group[0]!) });
  for (let before = -1; changed > before && hasTime(); ) {
    before = changed;
    const places = await due();
    await forEachIsolated(what, groupsOfPlaces(places), workOn, { hasTime, name, failures });
    if (places.length < placesAtOnce) break;
  }
  if (failures.length > 0) throw new AggregateError(failures, `${what}: ${failures[0]}`);
  return changed;
}
