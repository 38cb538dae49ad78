import type { Db } from '../../shared/db.ts';
import type { Agent } from '../../shared/schema.ts';
import { dayMs, msBefore } from '../../shared/time.ts';
import { lossHoursSince } from '../failover/pool-losses.ts';
import type { PoolState } from './decision-input.ts';

export interface PricedPool extends PoolState {
  readonly instanceType: string;
  readonly region: string;
  readonly az: string;
  readonly name: string;
}

/** The pools with a price of the types and regions that agents are in: one statement. */
export async function readPricedPools(
  db: Db,
  agents: readonly Pick<Agent, 'instanceType' | 'region'>[],
  now: Date,
): Promise<PricedPool[]> {
  const places = new Map(
    agents.flatMap(({ instanceType, region }) =>
      instanceType !== null && region !== null ? [[`${instanceType} ${region}`, { instanceType, region }]] : [],
    ),
  );
  if (places.size === 0) return [];
  const rows = await db
    .selectFrom('spotPools as p')
    .select(['p.id', 'p.instanceType', 'p.region', 'p.az', 'p.poolName', 'p.latestPrice', 'p.latestAt'])
    .select(
      // By the hour: when a pool is lost, every agent in it is told, and that is one interruption (docs/adr/0010).
      lossHoursSince(msBefore(now, 30 * dayMs)).as('interruptions30d'),
    )
    .where((eb) =>
      eb.or(
        [...places.values()].map(({ instanceType, region }) =>
          eb.and([eb('p.instanceType', '=', instanceType), eb('p.region', '=', region)]),
        ),
      ),
    )
    .where('p.isActive', '=', true)
    .where('p.latestPrice', 'is not', null)
    .execute();
  return rows.map(({ poolName, latestPrice, latestAt, ...pool }) => ({
    ...pool,
    name: poolName,
    price: Number(latestPrice),
    at: latestAt!,
  }));
}
