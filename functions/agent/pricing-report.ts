import type * as z from 'zod';
import { type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { admittedPools } from '../core/pool/admitted-pools.ts';
import { readKnownPrices } from '../core/pool/known-prices.ts';
import {
  contradiction,
  discrepanciesOf,
  outliersOf,
  recordContradiction,
  recordOddPrices,
} from '../core/pool/odd-prices.ts';
import { poolIdOf, poolOf } from '../core/pool/pool-id.ts';
import { addPools } from '../core/pool/pools.ts';
import { believedOnDemand, isPrice, type PoolPrice, type PriceReport, priceFrom, sources } from '../core/pool/price.ts';
import { addTenantPrices, recordBuckets, recordOnDemand, updateReporter } from '../core/pool/record-prices.ts';
import { regionOfZone } from '../core/pool/region.ts';
import type { Db } from '../shared/db.ts';
import { agentNotFound } from '../shared/errors.ts';
import { heldTo } from '../shared/fields.ts';
import { earlier } from '../shared/time.ts';
import type { PricingReport } from './requests.ts';

type Report = z.output<typeof PricingReport>;

/**
 * Records a price report (protocol A6). Three statements however many pools it lists; two if another agent has reported
 * the same pools in the same five minutes. One more for each kind of news: new pools, a first price, or an implausible
 * one. Each statement is idempotent. `agents.priced_at` tells the `decide` job about new prices. Reports from an
 * instance that is gone or not this agent's are dropped.
 * @throws AppError agent_not_found
 */
export async function reportPrices(
  db: Db,
  { clientId, ref, body }: OfAgent & { readonly body: Report },
  now: Date,
): Promise<void> {
  const { agentId, instanceId } = parseHandle(ref);
  const sent = priceReportOf(body, instanceId ?? body.instance.instance_id, now);
  const known = await readKnownPrices(db, { clientId, agentId, report: sent });
  if (!known) throw agentNotFound(ref);
  const { source } = known;
  if (!source) return;
  const instanceType = known.instanceType ?? body.instance.instance_type;
  const region = known.region ?? regionOfZone(body.instance.az);
  const pools = admittedPools(sent.pools, { instanceType, region }, known);
  const report = { ...sent, pools };
  const { collectedAt } = report;

  const reporter = { clientId, agentId, instanceId: report.instanceId };
  const { listed } = known;
  const claimed = contradiction(report, known);
  if (claimed !== undefined && listed !== undefined && instanceType && region)
    await recordContradiction(db, { ...reporter, instanceType, region, claimed, listed }, now);
  const own = believedOnDemand(report.onDemand, known.onDemand);
  const onDemand = listed ?? own;
  if (listed === undefined && own !== undefined && own !== known.onDemand && instanceType && region)
    await recordOnDemand(db, { clientId, instanceType, region, price: own, seenAt: collectedAt });
  const unseen = pools.filter((pool) => !known.pools.has(pool.id));
  if (unseen.length > 0) await addPools(db, unseen, now);
  const first = pools.filter((pool) => !known.pools.get(pool.id)?.own);
  if (first.length > 0) await addTenantPrices(db, { clientId, pools: first, seenAt: collectedAt });
  const outliers = outliersOf(pools, known, now);
  if (outliers.length > 0) await recordOddPrices(db, 'price_outlier', { ...reporter, pools: outliers }, now);
  const odd = discrepanciesOf(pools, known, sources[source]).filter((pool) => !outliers.includes(pool));
  if (odd.length > 0) await recordOddPrices(db, 'price_discrepancy', { ...reporter, pools: odd }, now);
  const better = pools.filter(
    (pool) => (known.pools.get(pool.id)?.priority ?? 0) < sources[source].priority && !outliers.includes(pool),
  );
  if (better.length > 0) await recordBuckets(db, { report, source, pools: better, onDemand });
  await updateReporter(db, { clientId, agentId, report, known, onDemand }, now);
}

/**
 * Converts the body of either agent version to one shape. Invalid prices and pools are left out, so that one bad value
 * does not lose the report.
 */
export function priceReportOf(body: Report, instanceId: string, now: Date): PriceReport {
  const { instance, pricing } = body;
  const claimedMode = instance.mode ?? instance.current_mode;
  const mode = claimedMode === 'unknown' ? undefined : claimedMode;
  const pools = poolsOf(body);
  const named = instance.pool_id ?? instance.current_pool_id;
  const poolId = mode === 'spot' ? (named ?? poolOf(mode, instance.instance_type, instance.az)) : null;
  const ownPrice = pools.find((pool) => pool.id === poolId)?.price;
  return {
    instanceId,
    mode,
    poolId,
    onDemand: pricing?.on_demand_price ?? body.on_demand_price?.price,
    spot: priceFrom(pricing?.current_spot_price ?? ownPrice),
    // A time in the future, from a clock that is ahead, becomes now: the price would otherwise stay newest until then.
    collectedAt: earlier(heldTo(pricing?.collected_at, now), now),
    pools,
  };
}

function poolsOf({ instance, pricing, spot_pools }: Report): PoolPrice[] {
  const pools = new Map<string, PoolPrice>();
  for (const { pool_id, instance_type, az, price } of pricing?.spot_pools ?? spot_pools ?? []) {
    const instanceType = instance_type ?? instance.instance_type;
    const zone = az ?? pool_id?.slice(pool_id.lastIndexOf('.') + 1);
    if (!isPrice(price) || !instanceType || !zone || zone.length > 48) continue;
    const id = poolIdOf(instanceType, zone);
    pools.set(id, { id, instanceType, az: zone, price });
  }
  return [...pools.values()];
}
