import type { AgentStatus, Mode, TargetMode } from '../../shared/schema.ts';

/**
 * The first policy: the rules of contract 13.3 and the gates of 13.4, as a pure function of what it is given. A model
 * takes the place of `recommend` behind the same types; the gates stay.
 */
export const policyVersion = 'rules-1';

/** Everything a decision depends on; stored with it, so that it can be taken again. Prices are USD per instance-hour. */
export interface DecisionInput {
  readonly agent: {
    readonly instanceId: string | null;
    readonly status: AgentStatus;
    readonly enabled: boolean;
    readonly autoSwitchEnabled: boolean;
    readonly mode: Mode;
    readonly poolId: string | null;
    readonly lastSwitchAt: Date | null;
    readonly switches24h: number;
    readonly switches7d: number;
    readonly hasOpenCommand: boolean;
    /** The newest interruption signal of the agent. */
    readonly lastEmergencyAt: Date | null;
    readonly hasEmergencyReplica: boolean;
    /** When the agent's newest switch that came to nothing was closed. */
    readonly lastFailedSwitchAt: Date | null;
  };
  readonly prices: {
    readonly onDemand: number | null;
    /** What the agent's machine pays now, if it is spot. */
    readonly currentSpot: number | null;
    readonly pools: readonly PoolState[];
  };
  readonly config: {
    readonly minSavingsPercent: number;
    readonly riskThreshold: number;
    readonly maxSwitchesPerWeek: number;
    readonly maxSwitchesPerDay: number;
    readonly minPoolDurationHours: number;
  };
}

export interface PoolState {
  readonly id: string;
  readonly price: number;
  /** When the price was last seen. */
  readonly at: Date;
  /** Hours of the last 30 days in which the pool was interrupted, however many agents were told. */
  readonly interruptions30d: number;
}

export type Action = 'stay' | 'switch_spot' | 'switch_ondemand';

/**
 * What holds an automatic move back, in the order in which it is asked: those of contract 13.4, and one of our own after
 * them, as an agent whose launches fail would otherwise try again with every price report.
 */
export const gates = [
  'no_action',
  'disabled',
  'not_online',
  'auto_switch_off',
  'no_primary',
  'savings',
  'risk',
  'weekly_limit',
  'daily_limit',
  'pool_duration',
  'stale_prices',
  'same_target',
  'open_command',
  'recent_emergency',
  'emergency_replica',
  'recent_failure',
] as const;
export type Gate = (typeof gates)[number];

export interface Decision {
  readonly action: Action;
  readonly mode: TargetMode;
  readonly poolId: string | null;
  /** 0…1: of the place that the agent would be in. */
  readonly risk: number;
  /** USD per hour against what is paid now; negative where safety costs. */
  readonly savingsPerHour: number;
  readonly confidence: number;
  readonly allowed: boolean;
  /** The first gate that is closed; `null` when the move is allowed. */
  readonly failedGate: Gate | null;
  readonly reason: string;
}

/** What the gates ask about a move. */
export type Move = Pick<Decision, 'action' | 'mode' | 'poolId' | 'risk' | 'savingsPerHour'>;
type Recommendation = Move & Pick<Decision, 'confidence' | 'reason'>;

/** A price older than this is no ground for an automatic move. */
const freshMs = 15 * 60_000;
const hourMs = 3600_000;
const emergencyMs = 2 * hourMs;
const failureMs = hourMs / 2;

/**
 * What to do with an agent now, and whether it may be done automatically. `allowed` is false for "stay", where there is
 * nothing to do; its reason then is the rule's own.
 */
export function decide(input: DecisionInput, now: Date): Decision {
  const recommendation = recommend(input, now);
  const failedGate = firstClosedGate(input, recommendation, now);
  const reason =
    failedGate === null || failedGate === 'no_action'
      ? recommendation.reason
      : `${gateReasons[failedGate](input, recommendation)} (${recommendation.reason})`;
  return { ...recommendation, allowed: failedGate === null, failedGate, reason };
}

/** The answer when there is no engine, or it failed: everything stays as it is. */
export function safeDefault(input: Pick<DecisionInput, 'agent'>, why: string): Decision {
  const { mode, poolId } = input.agent;
  return {
    action: 'stay',
    mode: mode === 'spot' ? 'spot' : 'ondemand',
    poolId,
    risk: 0,
    savingsPerHour: 0,
    confidence: 0,
    allowed: false,
    failedGate: 'no_action',
    reason: `Decision engine unavailable: ${why}`,
  };
}

/** Interruptions in 30 days by 30, at most 1 (contract 13.5). */
export const poolRisk = (pool: Pick<PoolState, 'interruptions30d'>) => Math.min(pool.interruptions30d / 30, 1);

/** The rules of contract 13.3, first match. */
function recommend({ agent, prices, config }: DecisionInput, now: Date): Recommendation {
  const onSpot = agent.mode === 'spot';
  const stay = { action: 'stay', mode: onSpot ? 'spot' : 'ondemand', poolId: agent.poolId, savingsPerHour: 0 } as const;
  const { onDemand, currentSpot } = prices;
  if (!onDemand) return { ...stay, risk: 0, confidence: 0.5, reason: 'The on-demand price is not known' };
  if (onSpot && currentSpot !== null && currentSpot / onDemand > 0.8)
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
    if (!onSpot && saving > 0.3)
      return { ...move, reason: `${target.id} costs ${percent(saving)} less than on-demand` };
    if (onSpot && atLeast(saving * 100, config.minSavingsPercent))
      return { ...move, reason: `${target.id} costs ${percent(saving)} less than ${agent.poolId}` };
  }
  return {
    ...stay,
    risk: 0.3,
    confidence: 0.6,
    reason: onSpot ? 'No pool is enough cheaper' : 'Spot is not enough cheaper',
  };
}

/**
 * The cheapest pool with a fresh price that its risk leaves in question: below 20 % any, below 50 % one that saves more
 * than half, above that none. Stale pools count only when there is no fresh one, so that the gate can name the reason.
 */
function cheapestPool(pools: readonly PoolState[], paid: number, current: string | null, now: Date) {
  const worthIt = pools.filter((pool) => {
    const risk = poolRisk(pool);
    return pool.id !== current && pool.price < paid && (risk < 0.2 || (risk <= 0.5 && pool.price < paid / 2));
  });
  const fresh = worthIt.filter((pool) => isFresh(pool.at, now));
  const candidates = fresh.length > 0 ? fresh : worthIt;
  return [...candidates].sort((a, b) => a.price - b.price || (a.id < b.id ? -1 : 1))[0];
}

/** A job that runs late sees prices that are younger than its own time. */
export const isFresh = (at: Date, now: Date) => Math.abs(now.getTime() - at.getTime()) <= freshMs;
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

/** The first gate that holds an automatic move back, or `null` (contract 13.4). */
export function firstClosedGate(input: DecisionInput, to: Move, now: Date): Gate | null {
  if (to.action === 'stay') return 'no_action';
  return gates.find((gate) => gate !== 'no_action' && isClosed[gate](input, to, now)) ?? null;
}

type Check = (input: DecisionInput, to: Move, now: Date) => boolean;

/** What is paid now, per hour; moving for risk is not a matter of savings. */
function savingsPercent({ agent, prices }: DecisionInput, to: Move) {
  const paid = agent.mode === 'spot' ? prices.currentSpot : prices.onDemand;
  return paid ? (to.savingsPerHour / paid) * 100 : 0;
}

/** Compared with a margin of a millionth, as a saving of exactly 15 % may come out as 14.999999999999996. */
const atLeast = (value: number, limit: number) => value >= limit - 1e-6;

const isClosed: Record<Exclude<Gate, 'no_action'>, Check> = {
  disabled: ({ agent }) => !agent.enabled,
  not_online: ({ agent }) => agent.status !== 'online',
  auto_switch_off: ({ agent }) => !agent.autoSwitchEnabled,
  no_primary: ({ agent }) => agent.instanceId === null,
  savings: (input, to) =>
    to.action === 'switch_spot' && !atLeast(savingsPercent(input, to), input.config.minSavingsPercent),
  // On-demand is where an agent goes to escape risk, so the risk that sends it there does not hold it back (ADR 0007).
  risk: ({ config }, to) => to.action === 'switch_spot' && !atLeast(config.riskThreshold, to.risk),
  weekly_limit: ({ agent, config }) => agent.switches7d >= config.maxSwitchesPerWeek,
  daily_limit: ({ agent, config }) => agent.switches24h >= config.maxSwitchesPerDay,
  pool_duration: ({ agent, config }, _to, now) =>
    agent.lastSwitchAt !== null && now.getTime() - agent.lastSwitchAt.getTime() < config.minPoolDurationHours * hourMs,
  stale_prices: ({ prices }, to, now) => {
    const target = prices.pools.find((pool) => pool.id === to.poolId);
    return to.action === 'switch_spot' && (!target || !isFresh(target.at, now));
  },
  same_target: ({ agent }, to) => to.mode === agent.mode && to.poolId === agent.poolId,
  open_command: ({ agent }) => agent.hasOpenCommand,
  recent_emergency: ({ agent }, _to, now) =>
    agent.lastEmergencyAt !== null && now.getTime() - agent.lastEmergencyAt.getTime() < emergencyMs,
  emergency_replica: ({ agent }) => agent.hasEmergencyReplica,
  recent_failure: ({ agent }, _to, now) =>
    agent.lastFailedSwitchAt !== null && now.getTime() - agent.lastFailedSwitchAt.getTime() < failureMs,
};

const gateReasons: Record<Exclude<Gate, 'no_action'>, (input: DecisionInput, to: Move) => string> = {
  disabled: () => 'Agent disabled',
  not_online: ({ agent }) => `Agent is ${agent.status}, not online`,
  auto_switch_off: () => 'Auto-switch is off',
  no_primary: () => 'No machine is known to carry the agent',
  savings: (input, to) =>
    `Saving ${savingsPercent(input, to).toFixed(1)} % is below the minimum of ${input.config.minSavingsPercent} %`,
  risk: ({ config }, to) => `Risk ${to.risk.toFixed(2)} is above the threshold of ${config.riskThreshold.toFixed(2)}`,
  weekly_limit: ({ agent, config }) =>
    `${agent.switches7d} switches in 7 days, ${config.maxSwitchesPerWeek} are allowed`,
  daily_limit: ({ agent, config }) => `${agent.switches24h} switches in 24 h, ${config.maxSwitchesPerDay} are allowed`,
  pool_duration: ({ config }) => `The last switch is less than ${config.minPoolDurationHours} h ago`,
  stale_prices: () => 'Prices are older than 15 min',
  same_target: () => 'The agent is there already',
  open_command: () => 'A switch is under way already',
  recent_emergency: () => 'An interruption was announced within the last 2 h',
  emergency_replica: () => 'An emergency replica is active',
  recent_failure: () => 'The last switch failed less than 30 min ago',
};
