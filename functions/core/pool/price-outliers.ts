import type { Db } from '../../shared/db.ts';
import { dayMs, startOf } from '../../shared/time.ts';
import { record } from '../event/events.ts';
import type { KnownPrices } from './known-prices.ts';
import type { PoolPrice, PriceReport } from './price.ts';
import { isOutlier } from './usable-price.ts';

/** The reported prices that are too far off a recent trusted one, and that no other tenant's agents have seen. */
export const outliersOf = (pools: readonly PoolPrice[], known: KnownPrices, now: Date): PoolPrice[] =>
  pools.filter(({ id, price }) => {
    const { trusted, isConfirmed } = known.pools.get(id) ?? {};
    return !isConfirmed && isOutlier(price, trusted, now);
  });

interface Outliers {
  readonly clientId: string;
  readonly agentId: string;
  readonly report: PriceReport;
  readonly outliers: readonly PoolPrice[];
}

/** Records that an agent reports prices which are not used: once a day, as it reports every five minutes. */
export async function recordOutliers(
  db: Db,
  { clientId, agentId, report, outliers }: Outliers,
  now: Date,
): Promise<void> {
  const [one] = outliers;
  const others = outliers.length > 1 ? ` and ${outliers.length - 1} more` : '';
  await record(
    db,
    {
      clientId,
      agentId,
      instanceId: report.instanceId,
      type: 'price_outlier',
      severity: 'warning',
      message: `${report.instanceId} reports ${one?.price} USD an hour for ${one?.id}${others}: too far off what others see, so it is not used`,
      metadata: { prices: Object.fromEntries(outliers.map(({ id, price }) => [id, price])) },
      dedupeKey: `price_outlier:${agentId}:${startOf(dayMs, now).toISOString()}`,
    },
    now,
  );
}
