import { chunks } from '../../shared/chunks.ts';
import type { Db } from '../../shared/db.ts';
import { hourMs, msAfter, msBefore } from '../../shared/time.ts';
import { everyTenant } from '../pool/on-demand.ts';
import { carryMs, type PriceStep, stepsOf } from './price-steps.ts';

interface Place {
  readonly clientId: string;
  readonly instanceType: string | null;
  readonly region: string | null;
  readonly currentPoolId: string | null;
}

interface Wanted extends Omit<Place, 'currentPoolId'> {
  readonly poolId: string | null;
}

/** Reads the prices of these places in one hour; the result looks them up by place. */
export type PriceReader = (places: readonly Wanted[]) => Promise<(place: Place) => PlacePrices>;

interface PlacePrices {
  readonly spot: readonly PriceStep[];
  readonly onDemand: readonly PriceStep[];
}

/** Pools per read: each has twelve prices in the hour and up to twelve in the hour before. */
const poolsAtOnce = 200;

/** @returns a reader for one hour that reads each pool and each tenant once, however many agents they have */
export function priceReader(db: Db, hour: Date): PriceReader {
  const spot = new Map<string, readonly PriceStep[]>();
  const onDemand = new Map<string, readonly PriceStep[]>();
  return async (places) => {
    const pools = new Set(places.flatMap(({ poolId }) => (poolId === null || spot.has(poolId) ? [] : [poolId])));
    for (const ids of chunks([...pools], poolsAtOnce)) {
      const rows = await readSpot(db, ids, hour);
      const byPool = Map.groupBy(rows, ({ poolId }) => poolId);
      for (const id of ids) spot.set(id, stepsOf(byPool.get(id) ?? []));
    }
    const clients = new Set([everyTenant, ...places.map(({ clientId }) => clientId)].filter((id) => !onDemand.has(id)));
    for (const ids of chunks([...clients], poolsAtOnce)) {
      const rows = await readOnDemand(db, ids, hour);
      for (const id of ids) onDemand.set(id, []);
      for (const [key, steps] of Map.groupBy(rows, (row) => keyOf(row))) onDemand.set(key, stepsOf(steps));
    }
    return ({ currentPoolId, ...place }) => ({
      spot: (currentPoolId !== null && spot.get(currentPoolId)) || [],
      onDemand: listedFirst(onDemand.get(keyOf({ ...place, clientId: everyTenant })), onDemand.get(keyOf(place))),
    });
  };
}

/** The price list's prices from when it was first read; before that, what the tenant's agents reported. */
export function listedFirst(
  listed: readonly PriceStep[] = [],
  reported: readonly PriceStep[] = [],
): readonly PriceStep[] {
  const [first] = listed;
  return first ? [...reported.filter(({ from }) => from < first.from), ...listed] : reported;
}

const keyOf = ({ clientId, instanceType, region }: Omit<Place, 'currentPoolId'>) =>
  `${clientId} ${instanceType} ${region}`;

/** Observed prices only: filled ones are for charts (protocol 9.3). */
async function readSpot(db: Db, poolIds: readonly string[], hour: Date) {
  const rows = await db
    .selectFrom('pricingSnapshotsClean')
    .select(['poolId', 'observedAt as at', 'spotPrice as price'])
    .where('poolId', 'in', [...poolIds])
    .where('timeBucket', '>=', msBefore(hour, hourMs))
    .where('timeBucket', '<', msAfter(hour, hourMs))
    .where('interpolationMethod', 'is', null)
    .orderBy('poolId')
    .orderBy('timeBucket')
    .execute();
  const quiet = poolIds.filter((id) => !rows.some(({ poolId, at }) => poolId === id && at <= hour));
  return [...(quiet.length > 0 ? await readLastBefore(db, quiet, hour) : []), ...rows];
}

/** The last price of pools without one in the hour before, if it is less than a day old. */
async function readLastBefore(db: Db, poolIds: readonly string[], hour: Date) {
  const rows = await db
    .selectFrom('pricingSnapshotsClean')
    .select(['poolId', 'observedAt as at', 'spotPrice as price'])
    .where((eb) =>
      eb(
        eb.refTuple('poolId', 'timeBucket'),
        'in',
        eb
          .selectFrom('pricingSnapshotsClean as x')
          .select((x) => ['x.poolId', x.fn.max('x.timeBucket').as('timeBucket')])
          .where('x.poolId', 'in', [...poolIds])
          .where('x.timeBucket', '>=', msBefore(hour, carryMs))
          .where('x.timeBucket', '<', msBefore(hour, hourMs))
          .where('x.interpolationMethod', 'is', null)
          .groupBy('x.poolId')
          .$asTuple('poolId', 'timeBucket'),
      ),
    )
    .execute();
  return rows;
}

/** On-demand prices are stored only on change, so the last one before the hour counts, however old it is. */
async function readOnDemand(db: Db, clientIds: readonly string[], hour: Date) {
  const columns = ['clientId', 'instanceType', 'region', 'capturedAt as at', 'price'] as const;
  const within = await db
    .selectFrom('ondemandPriceSnapshots')
    .select(columns)
    .where('clientId', 'in', [...clientIds])
    .where('capturedAt', '>', hour)
    .where('capturedAt', '<', msAfter(hour, hourMs))
    .orderBy('capturedAt')
    .execute();
  const before = await db
    .selectFrom('ondemandPriceSnapshots')
    .select(columns)
    .where((eb) =>
      eb(
        eb.refTuple('clientId', 'instanceType', 'region', 'capturedAt'),
        'in',
        eb
          .selectFrom('ondemandPriceSnapshots as x')
          .select((x) => ['x.clientId', 'x.instanceType', 'x.region', x.fn.max('x.capturedAt').as('capturedAt')])
          .where('x.clientId', 'in', [...clientIds])
          .where('x.capturedAt', '<=', hour)
          .groupBy(['x.clientId', 'x.instanceType', 'x.region'])
          .$asTuple('clientId', 'instanceType', 'region', 'capturedAt'),
      ),
    )
    .execute();
  return [...before, ...within];
}
