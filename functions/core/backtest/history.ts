import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { secondMs, secondsIntoWeek } from '../../shared/time.ts';
import { periodMs, periodSeconds } from '../availability/period.ts';
import type { Availability } from '../decision/policy-a/input.ts';
import { everyTenant } from '../pool/on-demand.ts';
import { comparedPrice, type Overlay, overlayFor } from '../savings/overlay.ts';
import { carryMs, type PriceStep, priceAt, stepsOf } from '../savings/price-steps.ts';
import { listedFirst } from '../savings/read-prices.ts';
import type { PoolGroup } from './simulator/pool-group.ts';

/** A place's record in ten-minute steps: prices as known when a step began, and which pools were up in it. */
export interface History {
  readonly from: Date;
  readonly group: PoolGroup;
  /** For each pool in each step, whether or not its price was known. */
  readonly seen: readonly (readonly Availability[])[];
  /** For each pool, the first step of each hour in which agents were interrupted there. */
  readonly lossHours: readonly (readonly number[])[];
  /** Share of all steps of all pools that were observed. */
  readonly observedShare: number;
}

export interface Period {
  readonly from: Date;
  readonly to: Date;
}

interface Wanted {
  readonly clientId: string;
  readonly instanceType: string;
  readonly region: string;
  readonly overlays: readonly Overlay[];
  readonly period: Period;
}

/** A region's zones, and as many Local Zones. Trusted pools come before those that only a tenant's agent named. */
const mostPools = 24;
/** On-demand prices change only a few times a year. */
const mostOnDemand = 1000;

/**
 * Reads what was recorded of a type and region. Two statements, and two more for each pool. Each of those reads a range
 * of a primary key, with a row every five or ten minutes.
 * @returns the history, or the reason why it cannot be played
 */
export async function readHistory(db: Db, wanted: Wanted): Promise<History | string> {
  const { instanceType, region, period } = wanted;
  const pools = await db
    .selectFrom('spotPools')
    .select(['id', 'az'])
    .where('instanceType', '=', instanceType)
    .where('region', '=', region)
    .where('isActive', '=', true)
    // Any tenant's reports add pools, and the names of Local Zones sort before those of a region's own zones.
    .orderBy(sql`latest_price IS NULL`)
    .orderBy(sql`CHAR_LENGTH(az)`)
    .orderBy('az')
    .limit(mostPools)
    .execute();
  if (pools.length === 0) return `No pool of ${instanceType} is known in ${region}`;
  const onDemand = await readOnDemand(db, wanted);
  if (onDemand.length === 0) return `No on-demand price of ${instanceType} is recorded in ${region}`;
  const read = [];
  for (const { id } of pools)
    read.push({ id, prices: await readPrices(db, id, period), records: await readRecords(db, id, period) });
  return historyOf(wanted, onDemand, read);
}

interface ReadPool {
  readonly id: string;
  readonly prices: readonly PriceStep[];
  readonly records: readonly { readonly bucket: Date; readonly isUp: boolean; readonly interruptions: number }[];
}

function historyOf(
  { instanceType, overlays, period, region }: Wanted,
  onDemand: readonly PriceStep[],
  read: readonly ReadPool[],
): History {
  const steps = Math.floor((period.to.getTime() - period.from.getTime()) / periodMs);
  const timeOf = (step: number) => period.from.getTime() + step * periodMs;
  const paid = (mode: 'spot' | 'ondemand', micros: bigint, at: number) =>
    comparedPrice(overlayFor(overlays, { instanceType, mode }, at), dollars(micros));
  const listed = (at: number) => priceAt(onDemand, at) ?? onDemand[0]!.micros;
  const onDemandPrice = dollars(listed(timeOf(0)));
  const onDemandAt = Array.from({ length: steps }, (_, step) => listed(timeOf(step)));
  const onDemandPaid = Float64Array.from(onDemandAt, (micros, step) => paid('ondemand', micros, timeOf(step)));
  const seen = read.map(({ records }) => seenOf(records, period.from, steps));
  const pools = read.map(({ id, prices }, pool) => {
    const known = Array.from({ length: steps }, (_, step) => priceAt(prices, timeOf(step), carryMs));
    return {
      id,
      onDemandPrice,
      // Unknown does not count as up, and a pool without a price cannot be compared.
      up: Uint8Array.from(known, (micros, step) => Number(micros !== undefined && seen[pool]![step] === 'up')),
      prices: Float64Array.from(known, (micros) => (micros === undefined ? onDemandPrice : dollars(micros))),
      paid: Float64Array.from(known, (micros, step) =>
        micros === undefined ? onDemandPaid[step]! : paid('spot', micros, timeOf(step)),
      ),
    };
  });
  const known = seen.flat().filter((availability) => availability !== 'unknown').length;
  return {
    from: period.from,
    group: {
      id: `${instanceType} ${region}`,
      intoWeek: secondsIntoWeek(period.from),
      stepSeconds: periodSeconds,
      steps,
      onDemandPrice,
      publicOnDemand: Float64Array.from(onDemandAt, dollars),
      onDemandPaid,
      pools,
    },
    seen,
    lossHours: read.map(({ records }) => lossHoursOf(records, period.from)),
    observedShare: known / (steps * read.length),
  };
}

const stepOf = (bucket: Date, from: Date) => Math.floor((bucket.getTime() - from.getTime()) / periodMs);

function seenOf(records: ReadPool['records'], from: Date, steps: number): Availability[] {
  const seen = Array<Availability>(steps).fill('unknown');
  for (const { bucket, isUp } of records) seen[stepOf(bucket, from)] = isUp ? 'up' : 'down';
  return seen;
}

function lossHoursOf(records: ReadPool['records'], from: Date): number[] {
  const hours = new Map<string, number>();
  for (const { bucket, interruptions } of records) {
    const hour = bucket.toISOString().slice(0, 13);
    if (interruptions > 0 && !hours.has(hour)) hours.set(hour, stepOf(bucket, from));
  }
  return [...hours.values()];
}

const dollars = (micros: bigint) => Number(micros) / 1e6;

async function readPrices(db: Db, poolId: string, { from, to }: Period): Promise<PriceStep[]> {
  const rows = await db
    .selectFrom('pricingSnapshotsClean')
    .select(['observedAt as at', 'spotPrice as price'])
    .where('poolId', '=', poolId)
    .where('timeBucket', '>=', new Date(from.getTime() - carryMs))
    .where('timeBucket', '<', to)
    .where('interpolationMethod', 'is', null)
    .orderBy('timeBucket')
    .execute();
  return stepsOf(rows);
}

const readRecords = (db: Db, poolId: string, { from, to }: Period) =>
  db
    .selectFrom('poolAvailability')
    .select(['bucket', 'isUp', 'interruptions'])
    .where('poolId', '=', poolId)
    .where('bucket', '>=', from)
    .where('bucket', '<', to)
    .orderBy('bucket')
    .execute();

/** The price list's prices, from when it was first read; before that, what the tenant's agents reported. */
async function readOnDemand(db: Db, { clientId, instanceType, region, period }: Wanted): Promise<readonly PriceStep[]> {
  const rows = await db
    .selectFrom('ondemandPriceSnapshots')
    .select(['clientId', 'capturedAt as at', 'price'])
    .where('clientId', 'in', [everyTenant, clientId])
    .where('instanceType', '=', instanceType)
    .where('region', '=', region)
    .where('capturedAt', '<', period.to)
    .orderBy('capturedAt', 'desc')
    .limit(mostOnDemand)
    .execute();
  const stepsFor = (id: string) => stepsOf(rows.filter(({ clientId }) => clientId === id).toReversed());
  return listedFirst(stepsFor(everyTenant), stepsFor(clientId));
}

/** Converts seconds since the history began to a time. */
export const timeOf = ({ from }: History, seconds: number) => new Date(from.getTime() + seconds * secondMs);
