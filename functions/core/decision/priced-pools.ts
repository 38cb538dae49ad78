import { modelFailed } from '../../shared/alarm-lines.ts';
import { chunks } from '../../shared/chunks.ts';
import type { Db } from '../../shared/db.ts';
import { logger } from '../../shared/logger.ts';
import type { Agent } from '../../shared/schema.ts';
import { dayMs, hourMs, msBefore } from '../../shared/time.ts';
import type { KnownPool } from '../availability/pool-states.ts';
import { lastLoss, lossHoursSince } from '../failover/pool-losses.ts';
import { type LiveModel, liveModelColumn, liveModelOf } from '../model/live-model.ts';
import { hazardOfBand } from '../pool/interruption-bands.ts';
import { scoreNow } from '../pool/placement-scores.ts';
import { type SeenPrice, seenPrice, usablePrice } from '../pool/usable-price.ts';
import type { PoolState } from './decision-input.ts';
import type { HazardModel, ToldHazards } from './hazard-model.ts';
import type { PoolRecord } from './policy-a/pool-history.ts';
import type { Pacing } from './policy-a/shadows.ts';

export interface PricedPool extends PoolState {
  readonly instanceType: string;
  readonly region: string;
  readonly az: string;
  readonly name: string;
  /** Of the last week; `null` where no model was asked. */
  readonly record: PoolRecord | null;
}

interface Place {
  /** The tenant, because each tenant may use different prices. */
  readonly clientId: string;
  readonly instanceType: string;
  readonly region: string;
}

type Placed = Pick<Agent, 'clientId' | 'instanceType' | 'region'>;

/** What is known of an agent's place: the pools of its type and region that have a price its tenant may use. */
export interface PricedPlace {
  readonly pools: readonly PricedPool[];
  /** The share of the last day in which its pools were observed, on average. */
  readonly observedShare: number;
  /** How much downtime each of its prices leads to there (`policy-a/shadows.ts`); `null` without recent shadows. */
  readonly pacing: Pacing | null;
  /** The model that the hazards came from; `null` where no model was asked. */
  readonly told: Pick<ToldHazards, 'model' | 'isDegraded'> | null;
}

export type PoolReader = (agents: readonly Placed[]) => Promise<(agent: Placed) => PricedPlace>;

/** Places per query: with the longest names, the pools of all their zones fit the 1 MiB of a Data API response. */
const placesAtOnce = 12;

const nowhere: PricedPlace = { pools: [], observedShare: 0, pacing: null, told: null };

/**
 * @param model estimates the hazards of pools; without it they stay unknown, as when EC2's signals are handled
 * @returns a reader that reads each place of a tenant once, as a job run decides for many agents in the same few places
 */
export function poolReader(db: Db, now: Date, model?: HazardModel): PoolReader {
  const known = new Map<string, Promise<PricedPlace>>();
  const remember = (places: readonly Place[]) => {
    const parts = chunks(places, placesAtOnce);
    const rated = Promise.all(parts.map((those) => readPools(db, { places: those, model }, now))).then((read) =>
      ratePlaces(read, model, now),
    );
    for (const [part, those] of parts.entries())
      for (const place of those) {
        const priced = rated.then((all) => pricedFor(place, all[part]!.get(placeOf(place)), now));
        known.set(keyOf(place), priced);
        priced.catch(() => known.delete(keyOf(place))); // the next batch tries again
      }
  };
  return async (agents) => {
    const places = new Map(agents.filter(isPlaced).map((place) => [keyOf(place), place]));
    const unread = [...places.values()].filter((place) => !known.has(keyOf(place)));
    if (unread.length > 0) remember(unread);
    const priced = new Map(
      await Promise.all([...places.keys()].map(async (key) => [key, await known.get(key)!] as const)),
    );
    return (agent) => (isPlaced(agent) ? priced.get(keyOf(agent))! : nowhere);
  };
}

const isPlaced = (agent: Placed): agent is Place => agent.instanceType !== null && agent.region !== null;
const placeOf = ({ instanceType, region }: Pick<Place, 'instanceType' | 'region'>) => `${instanceType} ${region}`;
const keyOf = (place: Place) => `${place.clientId} ${placeOf(place)}`;

interface PoolOfTenants extends Omit<PricedPool, 'price' | 'at' | 'hazard' | 'availability' | 'record'> {
  readonly trusted: SeenPrice | undefined;
  /** What each tenant saw, by its id. */
  readonly own: ReadonlyMap<string, SeenPrice>;
  /** `null` where no model was asked. */
  readonly known: KnownPool | null;
  /** From Spot Advisor (`core/pool/interruption-bands.ts`). */
  readonly band: number | null;
  readonly pacing: Pacing | null;
}

/** What was read together: pools, and the live model. */
interface ReadPools {
  readonly pools: readonly PoolOfTenants[];
  readonly live: LiveModel | null;
}

interface RatedPlace extends Omit<PricedPlace, 'pools'> {
  readonly pools: readonly (PoolOfTenants & { readonly hazard: number | null })[];
}

/**
 * Rates what holds for all tenants of a place, with one call of the model however many places there are.
 * @param parts a place may be in several parts, which differ in the tenants whose prices were read
 */
async function ratePlaces(
  parts: readonly ReadPools[],
  model: HazardModel | undefined,
  now: Date,
): Promise<Map<string, RatedPlace>[]> {
  const placesOf = parts.map(({ pools }) => [...Map.groupBy(pools, placeOf)]);
  const views = placesOf.flat().map(([, pools]) => pools.flatMap(viewOf));
  const told = (await model?.hazards(views, parts.find(({ live }) => live)?.live ?? null, now)) ?? null;
  const damaged = parts.flatMap(({ pools }) => pools.filter(isDamaged).map(({ id }) => id));
  if (damaged.length > 0) logger.error(modelFailed, { model: 'input', damagedRecords: damaged.slice(0, 10) });
  let group = 0;
  const rate = (pools: readonly PoolOfTenants[]): RatedPlace => {
    const hazards = told?.hazards[group];
    group += 1;
    return {
      pools: pools.map((pool, k) => ({ ...pool, hazard: told && (priorOf(pool) ?? hazards?.[k] ?? null) })),
      observedShare: pools.reduce((sum, { known }) => sum + (known?.observedShare ?? 0), 0) / pools.length,
      pacing: pools[0]!.pacing,
      told: told && { ...told, isDegraded: told.isDegraded || pools.some(isDamaged) },
    };
  };
  return placesOf.map((places) => new Map(places.map(([place, pools]) => [place, rate(pools)])));
}

/** The hazard expected of a pool that nobody has been in for a week, where models have nothing to go by. */
function priorOf({ known, band, interruptions30d }: PoolOfTenants): number | undefined {
  if (known?.availability !== 'unknown' || interruptions30d > 0) return undefined;
  const { upHours7d, drops7d } = known.history;
  return upHours7d === 0 && drops7d === 0 ? hazardOfBand(band) : undefined;
}

const isDamaged = ({ known }: PoolOfTenants) => known?.isDamaged === true;

const viewOf = ({ id, known }: PoolOfTenants) => (known ? [{ id, price: 0, ...known }] : []);

function pricedFor({ clientId }: Place, place: RatedPlace | undefined, now: Date): PricedPlace {
  if (!place) return nowhere;
  const pools = place.pools.flatMap(({ trusted, own, known, band: _band, pacing: _pacing, ...facts }) => {
    const usable = usablePrice({ own: own.get(clientId), trusted }, now);
    return usable
      ? [
          {
            ...facts,
            availability: known?.availability ?? 'unknown',
            record: known?.record ?? null,
            price: usable.price,
            at: usable.at,
          },
        ]
      : [];
  });
  return { ...place, pools };
}

/** Shadows that were advanced longer ago than this say nothing about now. */
const longestUnmovedMs = hourMs;

/** Reads the pools of these places with each pool's trusted price and what these tenants saw. One statement. */
async function readPools(
  db: Db,
  { places, model }: { places: readonly Place[]; model: HazardModel | undefined },
  now: Date,
): Promise<ReadPools> {
  const rows = await db
    .selectFrom('spotPools as p')
    .leftJoin('tenantPoolPrices as w', (join) =>
      join.onRef('w.poolId', '=', 'p.id').on('w.clientId', 'in', [...new Set(places.map(({ clientId }) => clientId))]),
    )
    .select(['p.id', 'p.instanceType', 'p.region', 'p.az', 'p.poolName as name', 'p.latestPrice', 'p.latestAt'])
    .select(['p.placementScore as score', 'p.placementScoredAt as scoredAt'])
    .select(['w.clientId', 'w.price as ownPrice', 'w.seenAt as ownAt'])
    .leftJoin('poolStates as s', 's.poolId', 'p.id')
    .leftJoin('policyShadows as h', (join) =>
      join
        .onRef('h.instanceType', '=', 'p.instanceType')
        .onRef('h.region', '=', 'p.region')
        .on('h.observedAt', '>=', msBefore(now, longestUnmovedMs)),
    )
    .leftJoin('marketPlaces as m', (join) =>
      join.onRef('m.instanceType', '=', 'p.instanceType').onRef('m.region', '=', 'p.region'),
    )
    .select(['s.record', 's.observedAt', 'h.pacing', 'm.interruptionBand as band'])
    // Only where a model is asked: the code that handles EC2's signals has none.
    .$if(model !== undefined, (query) => query.select(liveModelColumn.as('live')))
    .select(lastLoss.as('lostAt'))
    .select(
      // By the hour: when a pool is lost, all agents in it get a notice, and that is one interruption (docs/adr/0010).
      lossHoursSince(msBefore(now, 30 * dayMs)).as('interruptions30d'),
    )
    .where((eb) =>
      eb.or(
        places.map(({ clientId, instanceType, region }) =>
          eb.and([
            eb('p.instanceType', '=', instanceType),
            eb('p.region', '=', region),
            eb.or([eb('w.clientId', '=', clientId), eb('p.latestPrice', 'is not', null)]),
          ]),
        ),
      ),
    )
    .where('p.isActive', '=', true)
    .execute();
  const pools = new Map<string, PoolOfTenants & { readonly own: Map<string, SeenPrice> }>();
  for (const {
    latestPrice,
    latestAt,
    clientId,
    ownPrice,
    ownAt,
    record,
    observedAt,
    lostAt,
    pacing,
    score,
    scoredAt,
    live: _live,
    ...facts
  } of rows) {
    const state = observedAt === null ? undefined : { observedAt, record };
    const pool = pools.get(facts.id) ?? {
      ...facts,
      placementScore: scoreNow(score, scoredAt, now),
      trusted: seenPrice(latestPrice, latestAt),
      own: new Map(),
      known: model?.known(state, lostAt, now) ?? null,
      pacing: pacing as Pacing | null,
    };
    const own = seenPrice(ownPrice, ownAt);
    if (clientId !== null && own) pool.own.set(clientId, own);
    pools.set(facts.id, pool);
  }
  return { pools: [...pools.values()], live: liveModelOf(rows[0]?.live ?? null) };
}
