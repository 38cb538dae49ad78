import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { dayMs, minuteMs, msAfter, msBefore } from '../../shared/time.ts';

/** What is collected from AWS, region by region. */
export type Source = 'spot-prices' | DailySource;

/** What is collected once a day for each instance type in a region. */
export type DailySource = keyof typeof askedAt;

/** The columns that store when AWS was last asked. */
const askedAt = {
  offerings: 'offeredAt',
  'price-list': 'ondemandAt',
  'placement-scores': 'scoredAt',
  'spot-advisor': 'bandAt',
} as const;

/** The region value of sources that are collected once for all regions. */
export const everywhere = '';

/** The instance types of a region's agents, and how far their collection has come. */
export interface DueRegion {
  readonly region: string;
  /** In alphabetical order. */
  readonly instanceTypes: readonly string[];
  /** `undefined` if never collected. */
  readonly collectedUntil: Date | undefined;
  readonly failures: number;
  /** ETag of the last collected file, for sources that are files. */
  readonly etag: string | undefined;
  /** Whether AWS was never asked about one of the types. */
  readonly hasNew: boolean;
}

/** A region that fails is left alone for 5, 10, 20, … minutes, at most six hours. */
const firstPauseMs = 5 * minuteMs;
const longestPauseMs = 360 * minuteMs;

/** Types and regions of live agents, without regions that are still backing off. */
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

/** The regions of live agents that may be asked for Spot prices now: one statement. */
export const dueRegions = async (db: Db, now: Date): Promise<DueRegion[]> =>
  byRegion((await inUse(db, 'spot-prices', now).execute()).map((row) => ({ ...row, askedAt: null })));

/** Maximum types per region and run: agents can claim any number of types. */
const mostTypes = 200;

/**
 * The types in use that AWS has not been asked about for a day, by region: one statement. For `offerings`, a pool that
 * was added since the last request makes its type due again.
 * @param most maximum number of types in all; those that have waited longest come first
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

/** Pattern of an instance type: agents can claim anything, and one type that AWS rejects would hold up its region. */
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

/** Records that AWS was asked about these types: one statement. */
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
  /** Failures in a row before this one. */
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

/** Stores the ETag with which the next request asks whether the file has changed. */
export async function saveEtag(db: Db, source: Source, etag: string | null): Promise<void> {
  await db
    .insertInto('marketCollections')
    .values({ source, region: everywhere, etag })
    .onDuplicateKeyUpdate({ etag })
    .execute();
}

/** How many pairs of type and region AWS was asked about since a time, to stay within a quota. */
export async function countAsked(db: Db, source: DailySource, since: Date): Promise<number> {
  const row = await db
    .selectFrom('marketPlaces')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where(askedAt[source], '>', since)
    .executeTakeFirstOrThrow();
  return Number(row.n);
}
