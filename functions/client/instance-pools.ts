import { isFresh } from '../core/pool/freshness.ts';
import { bandOf, type InterruptionBand } from '../core/pool/interruption-bands.ts';
import { onDemandOf } from '../core/pool/on-demand.ts';
import { seenPrice, usablePrice } from '../core/pool/usable-price.ts';
import { type LossChances, lossChances } from '../core/risk/loss-chances.ts';
import type { Caller } from '../core/tenant/require-client.ts';
import type { Db } from '../shared/db.ts';
import { fromDecimal } from '../shared/decimal.ts';
import { AppError } from '../shared/errors.ts';
import type { Agent, Instance } from '../shared/schema.ts';
import { hourMs, msSince } from '../shared/time.ts';

const instanceColumns = [
  'id',
  'clientId',
  'agentId',
  'instanceType',
  'region',
  'az',
  'instanceStatus',
  'isPrimary',
  'currentMode',
  'currentPoolId',
  'spotPrice',
  'ondemandPrice',
  'baselineOndemandPrice',
  'installedAt',
  'lastSwitchAt',
  'lastSeenAt',
  'zombieAt',
  'terminatedAt',
] as const satisfies readonly (keyof Instance)[];

/** A pool that the instance's workload could run in. */
export interface Pool {
  readonly id: string;
  readonly name: string;
  readonly az: string;
  /**
   * The price that the tenant may rely on (docs/adr/0037), USD per hour, and when it was seen; `undefined`: unknown.
   */
  readonly price: number | undefined;
  readonly pricedAt: Date | undefined;
  /** EC2's Spot placement score, 1 to 10, and when it was requested. */
  readonly placementScore: number | null;
  readonly placementScoredAt: Date | null;
  readonly lossChances: LossChances | null;
}

export interface InstanceWithPools {
  readonly instance: Pick<Instance, (typeof instanceColumns)[number]>;
  readonly agent: Pick<Agent, 'status' | 'enabled' | 'logicalAgentId'>;
  /** USD per hour; `undefined` if nobody has reported it. */
  readonly onDemand: number | undefined;
  /**
   * Pools of the instance's type and region, cheapest first. Those with a price older than an hour follow, then
   * unpriced ones.
   */
  readonly pools: readonly Pool[];
  /** How often EC2 interrupts such instances, according to Spot Advisor. */
  readonly interruptionBand: InterruptionBand | null;
}

export const instanceNotFound = (id: string) =>
  new AppError('instance_not_found', `Instance not found: ${id.slice(0, 64)}`);

/**
 * An instance and the pools of its type and region. One statement.
 * @throws AppError instance_not_found
 */
export async function readInstancePools(
  db: Db,
  { caller, instanceId }: { readonly caller: Caller; readonly instanceId: string },
  now: Date,
): Promise<InstanceWithPools> {
  const { clientId } = caller;
  const rows = await db
    .selectFrom('instances as i')
    .innerJoin('agents as a', (join) => join.onRef('a.id', '=', 'i.agentId').onRef('a.clientId', '=', 'i.clientId'))
    .leftJoin('spotPools as p', (join) =>
      join
        .onRef('p.instanceType', '=', 'i.instanceType')
        .onRef('p.region', '=', 'i.region')
        .on('p.isActive', '=', true),
    )
    .leftJoin('tenantPoolPrices as w', (join) =>
      join.onRef('w.poolId', '=', 'p.id').onRef('w.clientId', '=', 'i.clientId'),
    )
    .select(instanceColumns.map((column) => `i.${column}` as const))
    .select(['a.status as agentStatus', 'a.enabled', 'a.logicalAgentId', onDemandOf('i').as('knownOnDemand')])
    .leftJoin('marketPlaces as m', (join) =>
      join.onRef('m.instanceType', '=', 'i.instanceType').onRef('m.region', '=', 'i.region'),
    )
    .leftJoin('poolRisks as r', 'r.poolId', 'p.id')
    .select(['r.chances', 'r.ratedAt'])
    .select(['p.id as poolId', 'p.poolName', 'p.az as poolAz', 'p.latestPrice', 'p.latestAt'])
    .select(['p.placementScore', 'p.placementScoredAt', 'm.interruptionBand'])
    .select(['w.price as ownPrice', 'w.seenAt as ownAt'])
    .where('i.id', '=', instanceId)
    .$if(clientId !== undefined, (query) => query.where('i.clientId', '=', clientId!))
    .execute();
  const [first] = rows;
  if (!first) throw instanceNotFound(instanceId);
  const pools = rows.flatMap(({ poolId: id, poolName: name, poolAz: az, ...row }) => {
    if (id === null || name === null || az === null) return [];
    const known = { own: seenPrice(row.ownPrice, row.ownAt), trusted: seenPrice(row.latestPrice, row.latestAt) };
    const usable = usablePrice(known, now);
    const { placementScore, placementScoredAt } = row;
    const scores = { placementScore, placementScoredAt, lossChances: lossChances(row.chances, row.ratedAt, now) };
    return [{ id, name, az, price: usable?.price, pricedAt: usable?.at, ...scores }];
  });
  const { agentStatus: status, enabled, logicalAgentId, knownOnDemand, interruptionBand, ...instance } = first;
  return {
    instance,
    agent: { status, enabled, logicalAgentId },
    onDemand: fromDecimal(instance.ondemandPrice ?? knownOnDemand ?? instance.baselineOndemandPrice),
    interruptionBand: bandOf(interruptionBand),
    pools: pools.toSorted((a, b) => rankOf(a, now) - rankOf(b, now) || (a.price ?? 0) - (b.price ?? 0)),
  };
}

const rankOf = ({ price, pricedAt }: Pool, now: Date) =>
  price === undefined ? 2 : msSince(pricedAt, now) <= hourMs ? 0 : 1;

export type PricedPool = Pool & { readonly price: number; readonly pricedAt: Date };

/** The pools with a price, in the same order. */
export const priced = (pools: readonly Pool[]) =>
  pools.filter((pool): pool is PricedPool => pool.price !== undefined && pool.pricedAt !== undefined);

/** The cheapest pool whose price is fresh. */
export const cheapestFresh = (pools: readonly Pool[], now: Date) =>
  priced(pools)
    .filter(({ pricedAt }) => isFresh(pricedAt, now))
    .toSorted((a, b) => a.price - b.price)[0];
