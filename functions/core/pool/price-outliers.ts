import type { Db } from '../../shared/db.ts';
import { dayMs, startOf } from '../../shared/time.ts';
import { record } from '../event/events.ts';
import type { KnownPrices } from './known-prices.ts';
import type { PoolPrice, PriceReport, sources } from './price.ts';
import { isOutlier } from './usable-price.ts';

type Source = (typeof sources)[keyof typeof sources];

/** The reported prices that are too far off a recent trusted one, and that no other tenant's agents have seen. */
export const outliersOf = (pools: readonly PoolPrice[], known: KnownPrices, now: Date): PoolPrice[] =>
  pools.filter(({ id, price }) => {
    const { trusted, isConfirmed } = known.pools.get(id) ?? {};
    return !isConfirmed && isOutlier(price, trusted, now);
  });

/** A price that is further from the one that is kept for the same five minutes than this share of it contradicts it. */
const agreement = 0.1;

/** The reported prices that contradict what a source of the same priority or a higher one has told of the same five minutes. */
export const discrepanciesOf = (pools: readonly PoolPrice[], known: KnownPrices, { priority }: Source): PoolPrice[] =>
  pools.filter(({ id, price }) => {
    const { kept, priority: priorityOfKept = 0 } = known.pools.get(id) ?? {};
    return kept !== undefined && priorityOfKept >= priority && Math.abs(price - kept) > agreement * kept;
  });

interface OddPrices {
  readonly clientId: string;
  readonly agentId: string;
  readonly report: PriceReport;
  readonly pools: readonly PoolPrice[];
}

/** How each kind of odd price is told. */
const kinds = {
  price_outlier: { severity: 'warning', why: 'too far off what others see, so it is not used' },
  price_discrepancy: { severity: 'info', why: 'more than a tenth off what is kept for the same five minutes' },
} as const;

/** Records that an agent reports odd prices: once a day for each kind, as it reports every five minutes. */
export async function recordOddPrices(
  db: Db,
  type: keyof typeof kinds,
  { clientId, agentId, report, pools }: OddPrices,
  now: Date,
): Promise<void> {
  const { severity, why } = kinds[type];
  const [one] = pools;
  const others = pools.length > 1 ? ` and ${pools.length - 1} more` : '';
  await record(
    db,
    {
      clientId,
      agentId,
      instanceId: report.instanceId,
      type,
      severity,
      message: `${report.instanceId} reports ${one?.price} USD an hour for ${one?.id}${others}: ${why}`,
      metadata: { prices: Object.fromEntries(pools.map(({ id, price }) => [id, price])) },
      dedupeKey: `${type}:${agentId}:${startOf(dayMs, now).toISOString()}`,
    },
    now,
  );
}
