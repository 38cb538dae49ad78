import type { Caller } from '../core/tenant/require-client.ts';
import type { Db } from '../shared/db.ts';
import { iso } from '../shared/time.ts';
import { type Pool, priced, readInstancePools } from './instance-pools.ts';

export interface OfInstance {
  readonly caller: Caller;
  readonly instanceId: string;
}

const percent = (share: number) => Math.round(share * 10_000) / 100;

/**
 * What the instance would cost in other pools (protocol C12). One statement.
 * @throws AppError instance_not_found
 */
export async function instancePricing(db: Db, of: OfInstance, now: Date) {
  const { instance, pools, onDemand } = await readInstancePools(db, of, now);
  return {
    currentMode: instance.currentMode,
    currentPool: nameOf(pools.find(({ id }) => id === instance.currentPoolId)),
    onDemand: { name: 'On-Demand', price: onDemand ?? 0 },
    pools: priced(pools).map(({ id, name, az, price }) => ({
      id,
      name,
      az,
      price,
      savings: onDemand ? percent((onDemand - price) / onDemand) : 0,
    })),
  };
}

const nameOf = (pool: Pool | undefined) => (pool ? { id: pool.id, name: pool.name, az: pool.az } : null);

/** The most types of a family that are listed; no family has this many in a region. */
const typesShown = 100;

/**
 * Where the instance could move (protocol C16), with the keys of two generations of consoles. Two statements.
 * @throws AppError instance_not_found
 */
export async function availableOptions(db: Db, of: OfInstance, now: Date) {
  const { instance, pools, interruptionBand } = await readInstancePools(db, of, now);
  const types = await typesOfFamily(db, instance);
  const options = pools.map(({ id, az, price, placementScore, placementScoredAt, lossChances }) => ({
    id,
    az,
    instanceType: instance.instanceType ?? 'unknown',
    price: price ?? null,
    placementScore,
    placementScoredAt: iso(placementScoredAt),
    lossChances,
  }));
  return {
    pools: options,
    availablePools: options,
    instanceTypes: types,
    availableTypes: types,
    interruptionBand,
    currentType: instance.instanceType ?? 'unknown',
    currentRegion: instance.region ?? 'unknown',
    currentAz: instance.az ?? 'unknown',
  };
}

/** The types of the instance's family that have a known pool in the region, the instance's own type first. */
async function typesOfFamily(db: Db, { instanceType, region }: { instanceType: string | null; region: string | null }) {
  if (instanceType === null || region === null) return [];
  const family = instanceType.split('.')[0]!;
  const rows = await db
    .selectFrom('spotPools')
    .select('instanceType')
    .distinct()
    .where('instanceType', '>=', `${family}.`)
    .where('instanceType', '<', `${family}/`) // `/` is the character after the dot
    .where('region', '=', region)
    .limit(typesShown)
    .execute();
  return [instanceType, ...rows.map((row) => row.instanceType).filter((type) => type !== instanceType)];
}
