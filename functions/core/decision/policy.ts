import { isFresh } from '../pool/freshness.ts';
import { type DecisionInput, type Move, type PoolState, poolRisk } from './decision-input.ts';
import { atLeast, firstClosedGate, type GateName } from './gates.ts';
import { type JobTerms, jobPolicyVersion, recommendJob } from './recommend-job.ts';
import { recommendService, servicePolicyVersion, type Terms } from './recommend-service.ts';

/**
 * The room of decisions: whether an agent stays, moves to another pool or goes on-demand.
 * Owns the tables: decisions, policy_shadows.
 *
 * A policy recommends, and gates allow, as a pure function of what it is given: policy B where an agent has a deadline, policy A
 * where it has an availability target, and otherwise rules.
 */
export const policyVersion = 'rules-1';

export interface Decision extends Move {
  /** 0…1. */
  readonly confidence: number;
  readonly allowed: boolean;
  /** The first gate that is closed; `null` when the move is allowed. */
  readonly failedGate: GateName | null;
  readonly reason: string;
  /** Of the policy that decided. */
  readonly policy: string;
  /** What policy A or B weighed; `null` where rules decided. */
  readonly terms: Terms | JobTerms | null;
}

type Recommendation = Move & Pick<Decision, 'confidence' | 'reason' | 'policy' | 'terms'>;

/** Spot is left for on-demand above this share of the on-demand price. */
const dearSpot = 0.8;
/** An agent on-demand moves to Spot only for more than this share of what it pays. */
const worthSpot = 0.3;

/**
 * What to do with an agent now, and whether it may be done automatically. `allowed` is false for "stay", where there is
 * nothing to do; its reason then is the rule's own.
 */
export function decide(input: DecisionInput, now: Date): Decision {
  const recommendation = recommendBy(input, now);
  const gate = firstClosedGate(input, recommendation, now);
  if (!gate) return { ...recommendation, allowed: true, failedGate: null };
  const isHeldBack = gate.name !== 'no_action';
  const reason = isHeldBack ? `${gate.reason} (${recommendation.reason})` : recommendation.reason;
  return { ...recommendation, allowed: false, failedGate: gate.name, reason };
}

/** Policy B for one with a deadline and policy A for one with a target, where they can be reckoned; rules for all others. */
function recommendBy(input: DecisionInput, now: Date): Recommendation {
  if (input.job && input.prices.onDemand) return { ...recommendJob(input, input.job, now), policy: jobPolicyVersion };
  if (input.service && input.prices.onDemand)
    return { ...recommendService(input, input.service, now), policy: servicePolicyVersion };
  return { ...recommend(input, now), policy: policyVersion, terms: null };
}

/** The answer when there is no engine, or it failed: everything stays as it is. */
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

/** The rules, first match (protocol 9.6). */
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
      reason: `Spot costs ${percent(currentSpot / onDemand)} of on-demand, more than the 80 % that its risk is worth`,
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
  const reason = onSpot ? 'No pool is enough cheaper' : 'Spot is not enough cheaper';
  return { ...stay, risk: 0.3, confidence: 0.6, reason };
}

/**
 * The cheapest pool with a fresh price that its risk leaves in question: below 20 % any, up to 50 % one that saves more
 * than half, above that none. Stale pools count only when there is no fresh one, so that the gate can name the reason.
 * Of pools that cost the same, the one that EC2 scores highest.
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
