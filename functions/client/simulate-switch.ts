import type { Db } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import { cheapestFresh, type InstanceWithPools, readInstancePools } from './instance-pools.ts';
import { pricesOf } from './instances.ts';
import type { OfInstance } from './pools.ts';
import type { SimulateSwitchRequest } from './requests.ts';

/** Hours in an average month. */
const monthHours = 730;

/**
 * What a move would save (protocol X18). Changes nothing. One statement.
 * @throws AppError instance_not_found, pool_mismatch, price_unknown, no_suitable_pool
 */
export async function simulateSwitch(
  db: Db,
  { body, ...of }: OfInstance & { readonly body: SimulateSwitchRequest },
  now: Date,
) {
  const known = await readInstancePools(db, of, now);
  const { instance, onDemand } = known;
  const target = targetOf(known, body, now);
  const paid = pricesOf({ ...instance, ondemandPrice: onDemand?.toFixed(6) ?? null }).spotPrice;
  const hourly = Number((paid - target.price).toFixed(6));
  return {
    instance_id: instance.id,
    current_mode: instance.currentMode,
    current_pool: instance.currentPoolId,
    current_price: paid,
    target_mode: target.mode,
    target_pool: target.poolId,
    target_price: target.price,
    hourly_saving: hourly,
    daily_saving: hourly * 24,
    monthly_saving: hourly * monthHours,
    recommendation: hourly > 0 ? ('switch' as const) : ('stay' as const),
  };
}

function targetOf({ pools, onDemand, instance }: InstanceWithPools, body: SimulateSwitchRequest, now: Date) {
  if (body.targetType === 'ondemand') {
    if (onDemand === undefined)
      throw new AppError('price_unknown', 'The on-demand price of this type is not known yet');
    return { mode: 'ondemand' as const, poolId: null, price: onDemand };
  }
  const { targetPool } = body;
  const pool = targetPool === undefined ? cheapestFresh(pools, now) : pools.find(({ id }) => id === targetPool);
  if (!pool && targetPool === undefined)
    throw new AppError('no_suitable_pool', 'No pool of the instance’s type and region has a fresh price');
  if (pool?.price === undefined)
    throw new AppError('pool_mismatch', 'The saving in this pool is not known', {
      details: {
        target_pool: [
          `${targetPool} is not a pool of the instance’s type and region with a known price (${instance.instanceType}, ${instance.region})`,
        ],
      },
    });
  return { mode: 'spot' as const, poolId: pool.id, price: pool.price };
}
