import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { fromDecimal, toDecimal } from '../../shared/decimal.ts';
import { isPrice } from './price.ts';

/** Stands for the tenant of an on-demand price that AWS's price list tells: it counts for each of them. */
export const everyTenant = '';

/** USD per instance-hour of Linux, on-demand. */
export interface OnDemandPrice {
  readonly instanceType: string;
  readonly price: number;
}

/**
 * Keeps on-demand prices that AWS's price list tells for a region, which every tenant may rely on: a row of history where one
 * differs from what was known. The same prices again change nothing but when they were seen. Three statements at most.
 * @returns how many differ
 */
export async function recordPriceList(
  db: Db,
  { region, prices }: { readonly region: string; readonly prices: readonly OnDemandPrice[] },
  now: Date,
): Promise<number> {
  const usable = prices.filter(({ price }) => isPrice(price));
  if (usable.length === 0) return 0;
  const known = await db
    .selectFrom('ondemandPrices')
    .select(['instanceType', 'price'])
    .where('clientId', '=', everyTenant)
    .where('region', '=', region)
    .where(
      'instanceType',
      'in',
      usable.map(({ instanceType }) => instanceType),
    )
    .execute();
  const before = new Map(known.map(({ instanceType, price }) => [instanceType, fromDecimal(price)]));
  const rows = usable.map(({ instanceType, price }) => ({
    clientId: everyTenant,
    instanceType,
    region,
    price: toDecimal(price),
  }));
  const news = rows.filter(({ instanceType, price }) => before.get(instanceType) !== fromDecimal(price));
  // The history is written first: once the price is, a repetition finds nothing new.
  if (news.length > 0)
    await db
      .insertInto('ondemandPriceSnapshots')
      .values(news.map((row) => ({ ...row, capturedAt: now })))
      .onDuplicateKeyUpdate({ price: sql`VALUES(price)` })
      .execute();
  await db
    .insertInto('ondemandPrices')
    .values(rows.map((row) => ({ ...row, recordedAt: now })))
    .onDuplicateKeyUpdate({ price: sql`VALUES(price)`, recordedAt: sql`VALUES(recorded_at)` })
    .execute();
  return news.length;
}

/**
 * The on-demand price that a tenant goes by, of the type and region that columns of `alias` hold: the price list's, or else what
 * its own agents reported.
 */
export const onDemandOf = (alias: string) => sql<string | null>`(SELECT x.price FROM ondemand_prices AS x
  WHERE x.client_id IN (${everyTenant}, ${sql.ref(`${alias}.client_id`)})
    AND x.instance_type = ${sql.ref(`${alias}.instance_type`)} AND x.region = ${sql.ref(`${alias}.region`)}
  ORDER BY x.client_id LIMIT 1)`;
