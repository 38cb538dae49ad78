import { sql } from 'kysely';
import { chunks } from '../../shared/chunks.ts';
import type { Db } from '../../shared/db.ts';
import { inList } from '../../shared/in-list.ts';
import { poolIdOf } from './pool-id.ts';
import { addPools } from './pools.ts';
import { regionOfZone } from './region.ts';

/** An instance type that EC2 offers in a zone. */
export interface Offering {
  readonly instanceType: string;
  readonly az: string;
}

/** Pools per statement. */
const atOnce = 500;

/**
 * Stores in which zones of a region EC2 offers types: only those pools are active from then on. A type that EC2 does
 * not list at all stays as it is, because agents run on it. A pool that an agent is in stays active too, because zones
 * have other names in other accounts (docs/adr/0063). One statement for every 500 zones, plus two.
 * @returns how many pools are offered
 */
export async function recordOfferings(
  db: Db,
  { region, offerings }: { readonly region: string; readonly offerings: readonly Offering[] },
  now: Date,
): Promise<number> {
  const own = offerings.filter(({ az }) => regionOfZone(az) === region);
  if (own.length === 0) return 0;
  for (const those of chunks(own, atOnce)) await addPools(db, those, now);
  const types = [...new Set(own.map(({ instanceType }) => instanceType))];
  const offered = own.map(({ instanceType, az }) => poolIdOf(instanceType, az));
  const active = [...offered, ...(await poolsInUse(db, region, types))];
  await db
    .updateTable('spotPools')
    .set({ isActive: sql<boolean>`id IN ${inList(active)}` })
    .where('instanceType', 'in', types)
    .where('region', '=', region)
    .execute();
  return offered.length;
}

/** A separate read: as part of the update it would lock the agents' rows. */
async function poolsInUse(db: Db, region: string, types: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom('agents')
    .select('currentPoolId')
    .distinct()
    .where('status', '<>', 'deleted')
    .where('region', '=', region)
    .where('instanceType', 'in', types)
    .where('currentPoolId', 'is not', null)
    .execute();
  return rows.map(({ currentPoolId }) => currentPoolId!);
}
