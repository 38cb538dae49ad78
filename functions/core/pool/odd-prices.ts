import type { Db } from '../../shared/db.ts';
import { dayMs, startOf } from '../../shared/time.ts';
import { record, type SystemEvent } from '../event/events.ts';
import type { KnownPrices } from './known-prices.ts';
import { failedLookUpPrice, isPrice, type PoolPrice, type PriceReport, type sources } from './price.ts';
import { agreement, isFurtherOff, isOutlier } from './usable-price.ts';

type Source = (typeof sources)[keyof typeof sources];

/** Reported prices that are too far from a recent trusted one and that no other tenant's agents have seen. */
export const outliersOf = (pools: readonly PoolPrice[], known: KnownPrices, now: Date): PoolPrice[] =>
  pools.filter(({ id, price }) => {
    const { trusted, isConfirmed } = known.pools.get(id) ?? {};
    return !isConfirmed && isOutlier(price, trusted, now);
  });

/** Reported prices that contradict a source of the same or a higher priority for the same five minutes. */
export const discrepanciesOf = (pools: readonly PoolPrice[], known: KnownPrices, { priority }: Source): PoolPrice[] =>
  pools.filter(({ id, price }) => {
    const { kept, priority: priorityOfKept = 0 } = known.pools.get(id) ?? {};
    return kept !== undefined && priorityOfKept >= priority && isFurtherOff(price, kept, agreement);
  });

/** The reported on-demand price, if it contradicts the price list. The price of a failed look-up does not count. */
export function contradiction({ onDemand }: PriceReport, { listed }: KnownPrices): number | undefined {
  if (listed === undefined || !isPrice(onDemand) || onDemand === failedLookUpPrice) return undefined;
  return isFurtherOff(onDemand, listed, agreement) ? onDemand : undefined;
}

/** The agent and instance that report a price. */
interface Reporter {
  readonly clientId: string;
  readonly agentId: string;
  readonly instanceId: string;
}

/** How each kind of odd Spot price is reported. */
const kinds = {
  price_outlier: { severity: 'warning', why: 'too far from what others see, so it is not used' },
  price_discrepancy: { severity: 'info', why: 'more than 10 % off the price stored for the same five minutes' },
} as const;

export async function recordOddPrices(
  db: Db,
  type: keyof typeof kinds,
  { pools, ...reporter }: Reporter & { readonly pools: readonly PoolPrice[] },
  now: Date,
): Promise<void> {
  const { severity, why } = kinds[type];
  const [one] = pools;
  const others = pools.length > 1 ? ` and ${pools.length - 1} more` : '';
  const message = `${reporter.instanceId} reports ${one?.price} USD an hour for ${one?.id}${others}: ${why}`;
  const metadata = { prices: Object.fromEntries(pools.map(({ id, price }) => [id, price])) };
  await recordOnceADay(db, reporter, { type, severity, message, metadata }, now);
}

interface Contradiction extends Reporter {
  readonly instanceType: string;
  readonly region: string;
  /** USD per instance-hour. */
  readonly claimed: number;
  readonly listed: number;
}

/** Records that an agent reported an on-demand price that is not used. */
export async function recordContradiction(
  db: Db,
  { instanceType, region, claimed, listed, ...reporter }: Contradiction,
  now: Date,
): Promise<void> {
  const message = `${reporter.instanceId} reports ${claimed} USD an hour for ${instanceType} on-demand in ${region}: the price list says ${listed}, which is used`;
  const metadata = { instanceType, region, claimed, listed };
  await recordOnceADay(db, reporter, { type: 'ondemand_discrepancy', severity: 'warning', message, metadata }, now);
}

/** Once a day for each kind and agent, because agents report every five minutes. */
async function recordOnceADay(
  db: Db,
  reporter: Reporter,
  event: Pick<SystemEvent, 'type' | 'severity' | 'message' | 'metadata'>,
  now: Date,
): Promise<void> {
  const dedupeKey = `${event.type}:${reporter.agentId}:${startOf(dayMs, now).toISOString()}`;
  await record(db, { ...reporter, ...event, dedupeKey }, now);
}
