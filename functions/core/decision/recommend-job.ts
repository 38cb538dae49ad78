import { isFresh } from '../pool/freshness.ts';
import { type DecisionInput, type JobFacts, type Move, type PoolState, unknownPrice } from './decision-input.ts';
import { policyBConfig, tick } from './policy-b/config.ts';
import type { PlaceOfJob } from './policy-b/job-in-pools.ts';
import { lifeOf } from './policy-b/pool-life.ts';
import { isFree, placesOfRunningJob, type RunningJob, runningKind } from './policy-b/running-job.ts';
import { TableCache } from './policy-b/table-cache.ts';
import type { SeenPool } from './policy-b/tiers.ts';
import { tablesByShare } from './policy-b/value-tables.ts';

/** Policy B without waiting, as scored (docs/policies.md, docs/adr/0071), for agents with a deadline and work left. */
export const jobPolicyVersion = 'policy-b-3';

/**
 * How long a decision may stand, in seconds: an agent that reports every five minutes may miss one report, and then a
 * switch still has to be fetched and launched.
 */
const period = 900;

const placesShown = 5;

/** Shared by all agents of this container: some 120 tables. */
export const valueTables = new TableCache(16 * 1024 * 1024);

/** What policy B weighed; stored with the decision and returned to callers. Times are seconds. */
export interface JobTerms {
  /** `deadline`: there is time for one on-demand launch and no more. */
  readonly bound: 'free' | 'deadline';
  readonly time_left: number;
  readonly work_left: number;
  /** Time to spare if the work is finished without another launch; below 0 the deadline is missed. */
  readonly slack: number;
  readonly overhead: number;
  readonly observed_share: number;
  /** Where it may run, cheapest first, with the on-demand hours that its next hours of work cost from there. */
  readonly places: readonly {
    readonly id: string;
    readonly price: number;
    readonly availability: string;
    readonly cost_hours: number | null;
  }[];
}

export interface JobRecommendation extends Move {
  readonly confidence: number;
  readonly reason: string;
  readonly terms: JobTerms;
}

/** Whether the deadline leaves a choice. Value tables are needed only then. */
export const isJobFree = (input: DecisionInput, job: JobFacts, now: Date) => isFree(runningJob(input, job, now));

/** What policy B would do with an agent now. Stale prices count only for the pool that the agent is in. */
export function recommendJob(input: DecisionInput, job: JobFacts, now: Date): JobRecommendation {
  const { agent, prices } = input;
  const running = runningJob(input, job, now);
  const bound = isFree(running) ? 'free' : 'deadline';
  const tablesFor = tablesByShare(runningKind(job.overhead / tick), policyBConfig, valueTables);
  const choices = placesOfRunningJob(running, tablesFor, policyBConfig);
  const terms: JobTerms = {
    bound,
    time_left: running.timeLeft,
    work_left: job.workLeft,
    slack: running.timeLeft - job.workLeft - job.overheadLeft,
    overhead: job.overhead,
    observed_share: job.observedShare,
    places: choices.slice(0, placesShown).map(({ place, cost }) => ({
      ...placeOf(place, input),
      cost_hours: bound === 'free' ? (cost * tick) / 3600 : null,
    })),
  };
  const onSpot = agent.mode === 'spot';
  const own = running.pools.find(({ id }) => id === agent.poolId);
  const paid = onSpot ? (own?.price ?? null) : prices.onDemand!;
  const riskOf = (id: string) => 1 - Math.exp(-3600 / tick / lifeOf(running.group.pools[id], policyBConfig));
  const common = { confidence: 0.5 + job.observedShare / 2, terms } as const;
  const stay = {
    ...common,
    action: 'stay',
    mode: onSpot ? 'spot' : 'ondemand',
    poolId: agent.poolId,
    savingsPerHour: 0,
    risk: onSpot && agent.poolId !== null ? riskOf(agent.poolId) : 0,
  } as const;
  if (onSpot && !own && bound === 'free') return { ...stay, reason: unknownPrice(agent.poolId) };
  const { place } = choices[0]!;
  const spare = `${terms.slack.toFixed(0)} s to spare`;
  if (place.kind === 'spot') {
    if (onSpot && place.pool === agent.poolId) return { ...stay, reason: `${place.pool} costs least, with ${spare}` };
    const target = running.pools.find(({ id }) => id === place.pool)!;
    return {
      ...common,
      action: 'switch_spot',
      mode: 'spot',
      poolId: target.id,
      risk: riskOf(target.id),
      savingsPerHour: paid! - target.price,
      reason: `${target.id} costs least, a launch included, with ${spare}`,
    };
  }
  const why =
    bound === 'deadline' ? `The deadline leaves time for only one launch, with ${spare}` : 'On-demand costs least';
  if (!onSpot) return { ...stay, reason: why };
  return {
    ...common,
    action: 'switch_ondemand',
    mode: 'ondemand',
    poolId: null,
    risk: 0,
    savingsPerHour: (paid ?? prices.onDemand!) - prices.onDemand!,
    reason: why,
    ...(bound === 'deadline' && { isNeeded: true }),
  };
}

/** The job as policy B sees it: one region, whose pools may be tried unless they are known to be down. */
function runningJob({ agent, prices }: DecisionInput, job: JobFacts, now: Date): RunningJob {
  const own = agent.mode === 'spot' ? agent.poolId : null;
  const isWeighed = ({ id }: PoolState) => id === own || job.group.order.includes(id);
  const isUsable = (pool: PoolState) => pool.id === own || isFresh(pool.at, now);
  const pools = prices.pools.filter((pool) => isWeighed(pool) && isUsable(pool));
  const seen = pools.map(
    ({ id, price, availability }): SeenPool => ({
      id,
      region: here,
      price: id === own ? (prices.currentSpot ?? price) : price,
      isUp: id === own || availability !== 'down',
    }),
  );
  const ids = new Set(seen.map(({ id }) => id));
  const tiers = job.group.tiers.map(({ size, record, isKnown }) => ({
    pools: job.group.order.slice(0, size).filter((id) => ids.has(id)),
    record: record ?? undefined,
    isKnown,
  }));
  return {
    timeLeft: job.deadline - Math.floor(now.getTime() / 1000),
    workLeft: job.workLeft,
    overhead: job.overhead,
    overheadLeft: job.overheadLeft,
    period,
    place: own === null ? { kind: 'on-demand', region: here } : { kind: 'spot', pool: own },
    region: here,
    regionMove: 0,
    regions: [{ id: here, onDemandPrice: prices.onDemand! }],
    pools: seen,
    group: { pools: job.group.pools, tiers: tiers.filter((tier) => tier.pools.length > 0) },
  };
}

/** The only region, as agents stay in theirs. */
const here = 'here';

function placeOf(place: PlaceOfJob, { prices }: DecisionInput) {
  if (place.kind !== 'spot') return { id: 'ondemand', price: prices.onDemand!, availability: 'up' };
  const { id, price, availability } = prices.pools.find((pool) => pool.id === place.pool)!;
  return { id, price, availability };
}
