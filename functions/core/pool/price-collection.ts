import type { Db } from '../../shared/db.ts';
import { minuteMs, msAfter } from '../../shared/time.ts';

/** Instance types that agents of a region are on, and how far EC2's prices of them have been collected. */
export interface DueRegion {
  readonly region: string;
  readonly instanceTypes: readonly string[];
  /** `undefined`: never. */
  readonly collectedUntil: Date | undefined;
  readonly failures: number;
}

/** A region that fails is left alone for 5, 10, 20, … minutes, six hours at most. */
const firstPauseMs = 5 * minuteMs;
const longestPauseMs = 360 * minuteMs;

/** The regions that live agents are in and whose prices may be asked for now: one statement. */
export async function dueRegions(db: Db, now: Date): Promise<DueRegion[]> {
  const rows = await db
    .selectFrom('agents as a')
    .leftJoin('priceCollections as c', 'c.region', 'a.region')
    .select(['a.region', 'a.instanceType', 'c.collectedUntil', 'c.failures'])
    .distinct()
    .where('a.status', '<>', 'deleted')
    .where('a.region', 'is not', null)
    .where('a.instanceType', 'is not', null)
    .where((eb) => eb.or([eb('c.nextAt', 'is', null), eb('c.nextAt', '<=', now)]))
    .execute();
  return [...Map.groupBy(rows, ({ region }) => region!)].map(([region, those]) => ({
    region,
    instanceTypes: those.map(({ instanceType }) => instanceType!).sort(),
    collectedUntil: those[0]!.collectedUntil ?? undefined,
    failures: those[0]!.failures ?? 0,
  }));
}

interface Collected {
  readonly region: string;
  readonly until: Date;
}

export async function saveCollected(db: Db, { region, until }: Collected): Promise<void> {
  const row = { collectedUntil: until, failures: 0, nextAt: null, error: null };
  await db
    .insertInto('priceCollections')
    .values({ region, ...row })
    .onDuplicateKeyUpdate(row)
    .execute();
}

interface Failed {
  readonly region: string;
  /** Those before this one. */
  readonly failures: number;
  readonly error: string;
}

export async function saveFailure(db: Db, { region, failures, error }: Failed, now: Date): Promise<void> {
  const nextAt = msAfter(now, Math.min(firstPauseMs * 2 ** failures, longestPauseMs));
  const row = { failures: failures + 1, nextAt, error: error.slice(0, 500) };
  await db
    .insertInto('priceCollections')
    .values({ region, collectedUntil: null, ...row })
    .onDuplicateKeyUpdate(row)
    .execute();
}
