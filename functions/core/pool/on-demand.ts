import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { fromDecimal, toDecimal } from '../../shared/decimal.ts';
import { isPrice } from './price.ts';

/** The client id of on-demand prices from AWS's price list, which count for every tenant. */
export const everyTenant = '';

/** Linux on-demand price, USD per instance-hour. */
export interface OnDemandPrice {
  readonly instanceType: string;
  readonly price: number;
}

/**
 * Stores a region's on-demand prices from AWS's price list, which all tenants may rely on, and adds changed ones to the
 * history. Unchanged prices only get a new time. At most three statements.
 * @returns how many changed
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
  // The history is written first: once the price is stored, a retry finds nothing new.
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
 * SQL for the on-demand price that a tenant uses, for the client, type and region in the columns of `alias`: the price
 * list's, or else the one that its own agents reported.
 */
export const onDemandOf = (alias: string) => sql<string | null>`(SELECT x.price FROM ondemand_prices AS x
  WHERE x.client_id IN (${everyTenant}, ${sql.ref(`${alias}.client_id`)})
    AND x.instance_type = ${sql.ref(`${alias}.instance_type`)} AND x.region = ${sql.ref(`${alias}.region`)}
  ORDER BY x.client_id LIMIT 1)`;
