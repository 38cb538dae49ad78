import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { dayMs, minuteMs, msAfter, msBefore } from '../../shared/time.ts';

/** What is collected from AWS region by region. */
export type Source = 'spot-prices' | DailySource;

/** What is collected once a day of each type in a region. */
export type DailySource = keyof typeof askedAt;

/** The columns that keep when AWS was last asked. */
const askedAt = {
  offerings: 'offeredAt',
  'price-list': 'ondemandAt',
  'placement-scores': 'scoredAt',
  'spot-advisor': 'bandAt',
} as const;

/** Stands for the region of what is collected in one piece for all of them. */
export const everywhere = '';

/** Instance types that agents of a region are on, and how far what is collected of them has come. */
export interface DueRegion {
  readonly region: string;
  /** In their order. */
  readonly instanceTypes: readonly string[];
  /** `undefined`: never. */
  readonly collectedUntil: Date | undefined;
  readonly failures: number;
  /** Of what was collected last, where that is a file. */
  readonly etag: string | undefined;
  /** Whether any of the types has never been asked about. */
  readonly hasNew: boolean;
}

/** A region that fails is left alone for 5, 10, 20, … minutes, six hours at most. */
const firstPauseMs = 5 * minuteMs;
const longestPauseMs = 360 * minuteMs;

/** What live agents are on, where their region may be asked now. */
const inUse = (db: Db, source: Source, now: Date) =>
  db
    .selectFrom('agents as a')
    .leftJoin('marketCollections as c', (join) => {
      const ofSource = join.on('c.source', '=', source);
      return source === 'spot-advisor'
        ? ofSource.on('c.region', '=', everywhere)
        : ofSource.onRef('c.region', '=', 'a.region');
    })
    .select(['a.region', 'a.instanceType', 'c.collectedUntil', 'c.failures', 'c.etag'])
    .distinct()
    .where('a.status', '<>', 'deleted')
    .where('a.region', 'is not', null)
    .where('a.instanceType', 'is not', null)
    .where((eb) => eb.or([eb('c.nextAt', 'is', null), eb('c.nextAt', '<=', now)]));

/** The regions that live agents are in and that may be asked for Spot prices now: one statement. */
export const dueRegions = async (db: Db, now: Date): Promise<DueRegion[]> =>
  byRegion((await inUse(db, 'spot-prices', now).execute()).map((row) => ({ ...row, askedAt: null })));

/** Types of a region that are asked for in a run: what agents claim to be on is not bounded by what there is. */
const mostTypes = 200;

/**
 * The types in use that AWS has not been asked about for a day, by region: one statement. A pool that has been named since
 * makes its type due again.
 * @param most types in all; those that have waited longest come first
 */
export async function duePlaces(
  db: Db,
  source: DailySource,
  now: Date,
  most = Number.POSITIVE_INFINITY,
): Promise<DueRegion[]> {
  const asked = `m.${askedAt[source]}` as const;
  const rows = await inUse(db, source, now)
    .leftJoin('marketPlaces as m', (join) =>
      join.onRef('m.instanceType', '=', 'a.instanceType').onRef('m.region', '=', 'a.region'),
    )
    .select(`${asked} as askedAt`)
    .where((eb) =>
      eb.or([
        eb(asked, 'is', null),
        eb(asked, '<=', msBefore(now, dayMs)),
        ...(source === 'offerings'
          ? [
              sql<boolean>`EXISTS (SELECT 1 FROM spot_pools AS p
                WHERE p.instance_type = a.instance_type AND p.region = a.region AND p.created_at > m.offered_at)`,
            ]
          : []),
      ]),
    )
    .execute();
  const longestFirst = rows
    .filter(isNamed)
    .toSorted((a, b) => (a.askedAt?.getTime() ?? 0) - (b.askedAt?.getTime() ?? 0));
  return byRegion(longestFirst.slice(0, most)).map((due) => ({
    ...due,
    instanceTypes: due.instanceTypes.slice(0, mostTypes),
  }));
}

/** Of instance types: an agent may claim anything, and what AWS cannot be asked would hold up its whole region. */
const typeShape = /^[a-z][a-z0-9-]{0,15}\.[a-z0-9-]{1,15}$/;

const isNamed = ({ instanceType }: Row) => typeShape.test(instanceType!);

interface Row {
  readonly region: string | null;
  readonly instanceType: string | null;
  readonly collectedUntil: Date | null;
  readonly failures: number | null;
  readonly etag: string | null;
  readonly askedAt: Date | null;
}

const byRegion = (rows: readonly Row[]): DueRegion[] =>
  [...Map.groupBy(rows.filter(isNamed), ({ region }) => region!)].map(([region, those]) => ({
    region,
    instanceTypes: those.map(({ instanceType }) => instanceType!).sort(),
    collectedUntil: those[0]!.collectedUntil ?? undefined,
    failures: those[0]!.failures ?? 0,
    etag: those[0]!.etag ?? undefined,
    hasNew: those.some(({ askedAt }) => askedAt === null),
  }));

interface Asked {
  readonly region: string;
  readonly instanceTypes: readonly string[];
}

/** Notes that AWS has told what it knows of these types, in one statement. */
export async function saveAsked(db: Db, source: DailySource, { region, instanceTypes }: Asked, now: Date) {
  const column = askedAt[source];
  await db
    .insertInto('marketPlaces')
    .values(instanceTypes.map((instanceType) => ({ instanceType, region, [column]: now })))
    .onDuplicateKeyUpdate({ [column]: now })
    .execute();
}

interface OfRegion {
  readonly source: Source;
  readonly region: string;
}

export async function saveCollected(db: Db, of: OfRegion, until: Date): Promise<void> {
  const row = { collectedUntil: until, failures: 0, nextAt: null, error: null };
  await db
    .insertInto('marketCollections')
    .values({ ...of, ...row })
    .onDuplicateKeyUpdate(row)
    .execute();
}

interface Failed {
  /** Those before this one. */
  readonly failures: number;
  readonly error: string;
}

export async function saveFailure(db: Db, of: OfRegion, { failures, error }: Failed, now: Date): Promise<void> {
  const nextAt = msAfter(now, Math.min(firstPauseMs * 2 ** failures, longestPauseMs));
  const row = { failures: failures + 1, nextAt, error: error.slice(0, 500) };
  await db
    .insertInto('marketCollections')
    .values({ ...of, collectedUntil: null, ...row })
    .onDuplicateKeyUpdate(row)
    .execute();
}

/** Keeps by which tag the next call asks whether a file has changed. */
export async function saveEtag(db: Db, source: Source, etag: string | null): Promise<void> {
  await db
    .insertInto('marketCollections')
    .values({ source, region: everywhere, etag })
    .onDuplicateKeyUpdate({ etag })
    .execute();
}

/** How many types in regions AWS has been asked about since: what a quota is held against. */
export async function countAsked(db: Db, source: DailySource, since: Date): Promise<number> {
  const row = await db
    .selectFrom('marketPlaces')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where(askedAt[source], '>', since)
    .executeTakeFirstOrThrow();
  return Number(row.n);
}
