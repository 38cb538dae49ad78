import { sql } from 'kysely';
import { chunks } from '../../shared/chunks.ts';
import { type Db, transact } from '../../shared/db.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { dayMs, msBefore, startOf } from '../../shared/time.ts';
import { periodMs } from '../availability/period.ts';
import type { HazardModel } from '../decision/hazard-model.ts';
import { lossHours } from '../decision/policy-a/features.ts';
import { periodsOf } from '../decision/policy-a/pool-history.ts';
import { type LiveModel, liveModelColumn, liveModelOf } from '../model/live-model.ts';
import { eachPlace, placesAtOnce, poolsOfPlace, type SizedPlace, trustedFirst } from '../pool/each-place.ts';
import { isInPlaces, keyOfPlace, type Place } from '../pool/places.ts';
import { endOf, lastPeriod, noRisk, type PoolRisk, type Prediction, predict, type Seen, settle } from './pool-risk.ts';
import { type Bins, correctedByAll, noBins, shownChances, type Tally, withBinned } from './recalibration.ts';

/**
 * The room of pools' risk: the chance that a pool is lost within half an hour, an hour and six hours, as people see it,
 * and how earlier chances came true. Policies decide by the model's own hazards (docs/adr/0077, 0085).
 * Owns the tables: pool_risks, risk_calibration.
 */

/** Pools whose risks are stored at once: they fit one Data API response. */
const poolsAtOnce = 400;

/**
 * Rates each pool that was observed in the last day, once a period. One call, and seven more for fifty places that have
 * news, or for fewer if they have more than 400 pools. The run ends where the intended model fails and where another
 * one becomes live: outcomes of one model say nothing of another.
 * @returns how many pools it rated
 * @throws AggregateError when a place failed; the others were rated
 */
export async function ratePools(db: Db, model: HazardModel, { hasTime }: RunTime, now: Date): Promise<number> {
  let intended: string | undefined;
  let isOver = false;
  const rate = async (places: readonly Place[]) => {
    const { groups, live } = await readPools(db, places, model, now);
    if (groups.length === 0) return 0;
    const { chances, model: name, isDegraded } = await model.hazards(groups, live, now);
    intended ??= name;
    isOver ||= isDegraded || name !== intended;
    if (chances === null || isOver) return 0;
    const pools = groups.flatMap((group, n) => group.map((pool, i) => ({ ...pool, chances: chances[n]![i]! })));
    const observed = pools.filter(({ isObserved }) => isObserved);
    let rated = 0;
    for (const those of chunks(observed, poolsAtOnce)) rated += await saveRisks(db, those, name, now);
    return rated;
  };
  return eachPlace('rating pools', { due: () => duePlaces(db, now), work: rate, hasTime: () => !isOver && hasTime() });
}

/** The places that are rated next: those that have waited longest. */
const duePlaces = (db: Db, now: Date): Promise<SizedPlace[]> =>
  db
    .selectFrom('poolStates as s')
    .innerJoin('spotPools as p', 'p.id', 's.poolId')
    .leftJoin('poolRisks as r', 'r.poolId', 's.poolId')
    .select(['p.instanceType', 'p.region', poolsOfPlace('p').as('pools')])
    .where('s.observedAt', '>', msBefore(now, dayMs))
    .where('p.isActive', '=', true)
    .where((eb) => eb.or([eb('r.ratedAt', 'is', null), eb('r.ratedAt', '<', startOf(periodMs, now))]))
    .groupBy(['p.instanceType', 'p.region'])
    .orderBy(trustedFirst('p'))
    .orderBy(sql`MIN(COALESCE(r.rated_at, p.created_at))`)
    .limit(placesAtOnce)
    .execute();

/** All pools of places, those that were never observed too: they are siblings of the others. */
async function readPools(db: Db, places: readonly Place[], { known }: HazardModel, now: Date) {
  const rows = await db
    .selectFrom('spotPools as p')
    .leftJoin('poolStates as s', 's.poolId', 'p.id')
    .select(['p.id', 'p.instanceType', 'p.region', 'p.latestPrice', 's.record', 's.observedAt'])
    .select(liveModelColumn.as('live'))
    .where(isInPlaces(places))
    .where('p.isActive', '=', true)
    .orderBy('p.id')
    .execute();
  const groups = [...Map.groupBy(rows, keyOfPlace).values()];
  const live: LiveModel | null = liveModelOf(rows[0]?.live ?? null);
  return {
    live,
    groups: groups.map((pools) =>
      pools.map(({ id, latestPrice, observedAt, record }) => ({
        id,
        /** It has a price from EC2 or from two tenants, so nobody invented it (docs/adr/0037). */
        isTrusted: latestPrice !== null,
        price: 0, // hazards do not depend on it
        ...known(observedAt === null ? undefined : { observedAt, record }, null, now),
      })),
    ),
  };
}

type Known = Awaited<ReturnType<typeof readPools>>['groups'][number][number];
type Rated = Known & { readonly chances: readonly number[] };

/**
 * Settles what was predicted, and predicts. Outcomes are counted in the same transaction as those who await them. Only
 * those of trusted pools correct the chances of others.
 */
async function saveRisks(db: Db, pools: readonly Rated[], model: string, now: Date): Promise<number> {
  return await transact(db, async (tx) => {
    const stored = await tx
      .selectFrom('riskCalibration')
      .select(['model', 'bins'])
      .where('id', '=', 1)
      .forUpdate()
      .executeTakeFirst();
    const risks = await tx
      .selectFrom('poolRisks')
      .select(['poolId', 'ratedAt', 'state', 'model'])
      .where(
        'poolId',
        'in',
        pools.map(({ id }) => id),
      )
      .execute();
    const before = new Map(risks.map((risk) => [risk.poolId, risk]));
    const ratedAt = startOf(periodMs, now);
    const last = lastPeriod(now);
    let bins = stored?.model === model ? (stored.bins as readonly Bins[]) : lossHours.map(() => noBins);
    const settled = pools.flatMap((pool) => {
      const own = before.get(pool.id);
      if (own && own.ratedAt >= ratedAt) return [];
      const seen: Seen = { periods: periodsOf(pool.record), last };
      const { risk, outcomes } = settle(own?.model === model ? (own.state as PoolRisk) : noRisk, seen);
      if (pool.isTrusted) bins = bins.map((ofTime, n) => outcomes[n]!.reduce(withBinned, ofTime));
      return [{ pool, risk }];
    });
    if (settled.length === 0) return 0;
    await tx
      .insertInto('poolRisks')
      .values(settled.map(({ pool, risk }) => ({ ...rowOf(pool, risk, bins, last), ratedAt, model })))
      .onDuplicateKeyUpdate({
        ratedAt: values('rated_at'),
        chances: values('chances'),
        state: values('state'),
        model: values('model'),
      })
      .execute();
    const row = { model, bins: bins.map((ofTime) => ofTime.map(compact)) };
    await tx
      .insertInto('riskCalibration')
      .values({ id: 1, ...row })
      .onDuplicateKeyUpdate(row)
      .execute();
    return settled.length;
  });
}

const values = (column: string) => sql<never>`VALUES(${sql.ref(column)})`;

/** A pool that is down keeps its outcomes, and has no chance of being lost. */
function rowOf({ id: poolId, availability, chances }: Rated, risk: PoolRisk, bins: readonly Bins[], last: number) {
  if (availability !== 'up') return { poolId, chances: null, state: compactRisk(risk) };
  const { risk: next, corrected } = predict(risk, chances, last);
  const shown = shownChances(corrected.map((chance, n) => correctedByAll(chance, bins[n]!, endOf(last))));
  return { poolId, chances: shown.map(rounded), state: compactRisk(next) };
}

/** To the digits that are worth storing. */
const rounded = (value: number) => Number(value.toFixed(4));

const compact = ({ at, weight, expected, lost }: Tally): Tally => ({
  at,
  weight: rounded(weight),
  expected: rounded(expected),
  lost: rounded(lost),
});

const compactRisk = ({ tallies, waiting }: PoolRisk): PoolRisk => ({
  tallies: tallies.map(compact),
  waiting: waiting.map((all) =>
    all.map(([period, chance, corrected]): Prediction => [period, rounded(chance), rounded(corrected)]),
  ),
});
