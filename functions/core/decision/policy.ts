import { isFresh } from '../pool/freshness.ts';
import { type DecisionInput, type Move, type PoolState, poolRisk, unknownPrice } from './decision-input.ts';
import { atLeast, firstClosedGate, type GateName } from './gates.ts';
import { type JobTerms, jobPolicyVersion, recommendJob } from './recommend-job.ts';
import { recommendService, servicePolicyVersion, type Terms } from './recommend-service.ts';

/**
 * The room of decisions: whether an agent stays, moves to another pool or goes on-demand.
 * Owns the tables: decisions, policy_shadows.
 *
 * A policy recommends a move and gates allow it. Both are pure functions of their input. Policy B decides where an
 * agent has a deadline, policy A where it has an availability target, and rules otherwise. A replayed decision has the
 * same bytes, so a reason that is worded anew needs a new version too.
 */
export const policyVersion = 'rules-2';

export interface Decision extends Move {
  /** 0…1. */
  readonly confidence: number;
  readonly allowed: boolean;
  /** The first gate that is closed; `null` when the move is allowed. */
  readonly failedGate: GateName | null;
  readonly reason: string;
  /** Version of the policy that decided. */
  readonly policy: string;
  /** What policy A or B weighed; `null` where rules decided. */
  readonly terms: Terms | JobTerms | null;
}

type Recommendation = Move & Pick<Decision, 'confidence' | 'reason' | 'policy' | 'terms'>;

/** Above this share of the on-demand price an agent leaves Spot for on-demand. */
const dearSpot = 0.8;
/** An on-demand agent moves to Spot only if that saves more than this share of what it pays. */
const worthSpot = 0.3;

/**
 * What to do with an agent now, and whether that may happen automatically. For "stay", `allowed` is false because there
 * is nothing to do, and the reason is the policy's own.
 */
export function decide(input: DecisionInput, now: Date): Decision {
  const recommendation = recommendBy(input, now);
  const gate = firstClosedGate(input, recommendation, now);
  if (!gate) return { ...recommendation, allowed: true, failedGate: null };
  const isHeldBack = gate.name !== 'no_action';
  const reason = isHeldBack ? `${gate.reason} (${recommendation.reason})` : recommendation.reason;
  return { ...recommendation, allowed: false, failedGate: gate.name, reason };
}

/** Policy B for a deadline, policy A for a target, both only if the on-demand price is known; rules otherwise. */
function recommendBy(input: DecisionInput, now: Date): Recommendation {
  if (input.job && input.prices.onDemand) return { ...recommendJob(input, input.job, now), policy: jobPolicyVersion };
  if (input.service && input.prices.onDemand)
    return { ...recommendService(input, input.service, now), policy: servicePolicyVersion };
  return { ...recommend(input, now), policy: policyVersion, terms: null };
}

/** The decision when the engine is missing or has failed: everything stays as it is. */
export function safeDefault({ agent }: Pick<DecisionInput, 'agent'>, why: string): Decision {
  return {
    action: 'stay',
    mode: agent.mode === 'spot' ? 'spot' : 'ondemand',
    poolId: agent.poolId,
    risk: 0,
    savingsPerHour: 0,
    confidence: 0,
    allowed: false,
    failedGate: 'no_action',
    reason: `Decision engine unavailable: ${why}`,
    policy: policyVersion,
    terms: null,
  };
}

/** The rules; the first match wins (protocol 9.6). */
function recommend({ agent, prices, config }: DecisionInput, now: Date): Omit<Recommendation, 'policy' | 'terms'> {
  const onSpot = agent.mode === 'spot';
  const stay = { action: 'stay', mode: onSpot ? 'spot' : 'ondemand', poolId: agent.poolId, savingsPerHour: 0 } as const;
  const { onDemand, currentSpot } = prices;
  if (!onDemand) return { ...stay, risk: 0, confidence: 0.5, reason: 'The on-demand price is not known' };
  if (onSpot && currentSpot !== null && currentSpot / onDemand > dearSpot)
    return {
      action: 'switch_ondemand',
      mode: 'ondemand',
      poolId: null,
      risk: 0.6,
      savingsPerHour: currentSpot - onDemand,
      confidence: 0.7,
      reason: `Spot costs ${percent(currentSpot / onDemand)} of the on-demand price; above ${dearSpot * 100} % it is not worth its risk`,
    };
  const paid = onSpot ? currentSpot : onDemand;
  const target = paid === null ? undefined : cheapestPool(prices.pools, paid, agent.poolId, now);
  if (target && paid !== null) {
    const saving = 1 - target.price / paid;
    const move = {
      action: 'switch_spot',
      mode: 'spot',
      poolId: target.id,
      risk: Math.max(0.2, poolRisk(target)),
      savingsPerHour: paid - target.price,
      confidence: 0.8,
    } as const;
    if (!onSpot && saving > worthSpot)
      return { ...move, reason: `${target.id} costs ${percent(saving)} less than on-demand` };
    if (onSpot && atLeast(saving * 100, config.minSavingsPercent))
      return { ...move, reason: `${target.id} costs ${percent(saving)} less than ${agent.poolId}` };
  }
  const needed = onSpot ? `at least ${config.minSavingsPercent}` : `more than ${worthSpot * 100}`;
  const reason =
    paid === null
      ? unknownPrice(agent.poolId)
      : `No pool of acceptable risk saves ${needed} % of what the agent costs now`;
  return { ...stay, risk: 0.3, confidence: 0.6, reason };
}

/**
 * The cheapest pool with a fresh price that is worth its risk: below 20 % any pool, up to 50 % only one that saves more
 * than half, above that none. Stale pools count only if none is fresh, so that the gate can name the reason. Among
 * pools of the same price, the one with EC2's highest score.
 */
function cheapestPool(pools: readonly PoolState[], paid: number, current: string | null, now: Date) {
  const worthIt = pools.filter((pool) => {
    const risk = poolRisk(pool);
    return pool.id !== current && pool.price < paid && (risk < 0.2 || (risk <= 0.5 && pool.price < paid / 2));
  });
  const fresh = worthIt.filter((pool) => isFresh(pool.at, now));
  const candidates = fresh.length > 0 ? fresh : worthIt;
  const score = (pool: PoolState) => pool.placementScore ?? 0;
  return [...candidates].sort((a, b) => a.price - b.price || score(b) - score(a) || (a.id < b.id ? -1 : 1))[0];
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
