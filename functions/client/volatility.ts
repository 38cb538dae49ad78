import { sql } from 'kysely';
import type { Db } from '../shared/db.ts';
import { inList } from '../shared/in-list.ts';
import { dayMs, msBefore } from '../shared/time.ts';
import { type Pool, readInstancePools } from './instance-pools.ts';
import type { OfInstance } from './pools.ts';

const alternativesShown = 5;

/** Classes of the coefficient of variation: the standard deviation divided by the mean. */
const classes = [
  { below: 0.05, name: 'very_low' },
  { below: 0.1, name: 'low' },
  { below: 0.2, name: 'medium' },
  { below: Number.POSITIVE_INFINITY, name: 'high' },
] as const;

export const volatilityOf = (variation: number) => classes.find(({ below }) => variation < below)!.name;

interface Spread {
  readonly mean: number;
  readonly deviation: number;
  readonly points: number;
}

/**
 * How much the prices of an instance's pool and of the cheapest others have varied (protocol X17). Two statements.
 * @throws AppError instance_not_found
 */
export async function poolVolatility(db: Db, { days, ...of }: OfInstance & { readonly days: number }, now: Date) {
  const { instance, pools } = await readInstancePools(db, of, now);
  const current = pools.find(({ id }) => id === instance.currentPoolId);
  const others = pools.filter((pool) => pool !== current).slice(0, alternativesShown);
  const spreads = await readSpreads(db, [...(current ? [current] : []), ...others], msBefore(now, days * dayMs));
  return {
    instance_id: instance.id,
    days,
    current_pool: current ? poolItem(current, spreads.get(current.id)) : null,
    alternative_pools: others.map((pool) => poolItem(pool, spreads.get(pool.id))),
  };
}

function poolItem({ id, name, az, price }: Pool, spread: Spread | undefined) {
  const variation = spread && spread.mean > 0 ? spread.deviation / spread.mean : undefined;
  return {
    pool_id: id,
    name,
    az,
    price: price ?? null,
    mean_price: spread?.mean ?? null,
    coefficient_of_variation: variation ?? null,
    volatility: variation === undefined ? ('unknown' as const) : volatilityOf(variation),
    data_points: spread?.points ?? 0,
  };
}

async function readSpreads(db: Db, pools: readonly Pool[], since: Date): Promise<ReadonlyMap<string, Spread>> {
  if (pools.length === 0) return new Map();
  const { rows } = await sql<{ poolId: string; mean: string; deviation: number; points: number }>`
    SELECT h.pool_id, AVG(h.spot_price) AS mean, STDDEV_POP(h.spot_price) AS deviation, COUNT(*) AS points
    FROM pricing_snapshots_clean AS h
    WHERE h.pool_id IN ${inList(pools.map(({ id }) => id))} AND h.time_bucket > ${since} GROUP BY h.pool_id`.execute(
    db,
  );
  return new Map(
    rows.map((row) => [
      row.poolId,
      { mean: Number(row.mean), deviation: Number(row.deviation), points: Number(row.points) },
    ]),
  );
}
