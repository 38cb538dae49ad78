import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { fromDecimalOrNull } from '../../shared/decimal.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { dayMs, msBefore, startOf } from '../../shared/time.ts';
import { periodMs } from '../availability/period.ts';
import { knownPool } from '../availability/pool-states.ts';
import { type LiveModel, liveModelColumn, liveModelOf } from '../model/live-model.ts';
import { eachPlace, placesAtOnce, poolsOfPlace, type SizedPlace, trustedFirst } from '../pool/each-place.ts';
import { everyTenant } from '../pool/on-demand.ts';
import { isInPlaces, keyOfPlace, type Place } from '../pool/places.ts';
import type { HazardModel } from './hazard-model.ts';
import { costsOf } from './policy-a/budget.ts';
import { policyAConfig } from './policy-a/config.ts';
import type { PoolView } from './policy-a/input.ts';
import { ratePools } from './policy-a/score.ts';
import { advanceShadows, startShadows } from './policy-a/shadows.ts';
import { secondsOf } from './service-facts.ts';
import { readShadows, type StoredShadows, writeShadows } from './stored-shadows.ts';
import { defaultTiming } from './timing.ts';

/**
 * Advances the shadow services by the latest observation, once a period, in each place where an agent has a target.
 * One statement, and three more for fifty places, or for fewer if they have more than 400 pools.
 * @returns how many places it advanced
 * @throws AggregateError when a place failed; the others were advanced
 */
export async function movePolicyShadows(db: Db, model: HazardModel, { hasTime }: RunTime, now: Date): Promise<number> {
  const period = startOf(periodMs, now);
  const move = async (places: readonly Place[]) => {
    const known = await readShadows(db, places);
    const { groups, live } = await readGroups(db, places, now);
    const {
      hazards,
      model: name,
      isDegraded,
    } = await model.hazards(
      groups.map(({ pools }) => pools),
      live,
      now,
    );
    const next = groups.map((group, n) => moveOn(group, hazards[n]!, known.get(keyOfPlace(group)), period));
    await writeShadows(
      db,
      next.map((shadows) => ({ ...shadows, model: name, isDegraded })),
    );
    return next.length;
  };
  return eachPlace('moving shadows on', { due: () => duePlaces(db, period), work: move, hasTime });
}

interface Group extends Place {
  readonly pools: readonly PoolView[];
  readonly onDemandPrice: number;
}

/** Places with their pools, and the live model. */
interface Groups {
  readonly groups: readonly Group[];
  readonly live: LiveModel | null;
}

function moveOn(
  group: Group,
  hazards: readonly number[],
  stored: StoredShadows | undefined,
  period: Date,
): StoredShadows {
  const { pools, onDemandPrice, instanceType, region } = group;
  const now = secondsOf(period);
  const rated = ratePools(pools, hazards, onDemandPrice, defaultTiming);
  const before = stored?.shadows ?? startShadows(now, policyAConfig.pacing);
  const shadows = advanceShadows(before, rated, now, defaultTiming, costsOf(defaultTiming), policyAConfig.pacing);
  return { instanceType, region, observedAt: period, shadows };
}

/** Places with targets that were not advanced in this period, the one that has waited longest first. */
const duePlaces = (db: Db, period: Date): Promise<SizedPlace[]> =>
  db
    .selectFrom('agents as a')
    .leftJoin('policyShadows as h', (join) =>
      join.onRef('h.instanceType', '=', 'a.instanceType').onRef('h.region', '=', 'a.region'),
    )
    .select((eb) => [
      eb.ref('a.instanceType').$notNull().as('instanceType'),
      eb.ref('a.region').$notNull().as('region'),
      poolsOfPlace('a').as('pools'),
    ])
    .where('a.availabilityTarget', 'is not', null)
    .where('a.status', '<>', 'deleted')
    .where('a.instanceType', 'is not', null)
    .where('a.region', 'is not', null)
    .where((eb) => eb.or([eb('h.observedAt', 'is', null), eb('h.observedAt', '<', period)]))
    .groupBy(['a.instanceType', 'a.region'])
    .orderBy(trustedFirst('a'))
    .orderBy((eb) => eb.fn.min('h.observedAt'))
    .limit(placesAtOnce)
    .execute();

/**
 * Reads the pools of places with prices that depend on no single tenant: the trusted price, or the mean of what tenants
 * saw in the last day. What they saw affects only how the price of downtime is paced.
 */
async function readGroups(db: Db, places: readonly Place[], now: Date): Promise<Groups> {
  const since = msBefore(now, dayMs);
  const rows = await db
    .selectFrom('spotPools as p')
    .leftJoin('poolStates as s', 's.poolId', 'p.id')
    .select(['p.id', 'p.instanceType', 'p.region', 'p.latestPrice', 's.record', 's.observedAt'])
    .select(liveModelColumn.as('live'))
    .select([
      sql<string | null>`(SELECT AVG(w.price) FROM tenant_pool_prices AS w
        WHERE w.pool_id = p.id AND w.seen_at >= ${since})`.as('seenPrice'),
      // The price list's price if there is one, otherwise the mean of what tenants saw.
      sql<string | null>`(SELECT COALESCE(MAX(IF(o.client_id = ${everyTenant}, o.price, NULL)), AVG(o.price))
        FROM ondemand_prices AS o WHERE o.instance_type = p.instance_type AND o.region = p.region)`.as('onDemandPrice'),
    ])
    .where(isInPlaces(places))
    .where('p.isActive', '=', true)
    .orderBy('p.id')
    .execute();
  const groups = [...Map.groupBy(rows, keyOfPlace).values()].flatMap((those) => {
    const onDemandPrice = fromDecimalOrNull(those[0]!.onDemandPrice);
    const pools = those.flatMap(({ id, latestPrice, seenPrice, record, observedAt }): PoolView[] => {
      const price = fromDecimalOrNull(latestPrice ?? seenPrice);
      const state = observedAt === null ? undefined : { observedAt, record };
      return price === null ? [] : [{ id, price, ...knownPool(state, null, now) }];
    });
    const { instanceType, region } = those[0]!;
    return onDemandPrice === null || pools.length === 0 ? [] : [{ instanceType, region, onDemandPrice, pools }];
  });
  return { groups, live: liveModelOf(rows[0]?.live ?? null) };
}
