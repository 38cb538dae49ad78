import { hourMs, minuteMs, msSince } from '../../shared/time.ts';
import { isInWindow } from '../agent/disruption-windows.ts';
import { failedSwitchesMs } from '../agent/state.ts';
import { isFresh } from '../pool/freshness.ts';
import type { DecisionInput, Move } from './decision-input.ts';
import { refusedMs } from './failed-switches.ts';

/** A rule that can hold back an automatic move. Gates depend only on the input, not on a policy: A10 uses them too. */
interface Gate {
  /** One of the agent's own limits, which do not always apply (`limitsHold`). */
  readonly isLimit?: true;
  /** Waits for a better time. A needed move does not wait. */
  readonly isWait?: true;
  readonly isClosed: (input: DecisionInput, to: Move, now: Date) => boolean;
  readonly reason: (input: DecisionInput, to: Move) => string;
}

/** How long an agent stays where it is after an interruption signal. */
export const emergencyMs = 2 * hourMs;
/** Without this pause an agent whose launches fail would try again with every price report. */
export const failedFor = ({ service, job }: DecisionInput) => ((service ?? job) ? refusedMs : failedSwitchesMs);

/** Checked in this order (protocol 9.7). */
const gates = {
  no_action: {
    isClosed: (_input, to) => to.action === 'stay',
    reason: () => 'There is nothing to do',
  },
  disabled: {
    isClosed: ({ agent }) => !agent.enabled,
    reason: () => 'Agent disabled',
  },
  not_online: {
    isClosed: ({ agent }) => agent.status !== 'online',
    reason: ({ agent }) => `Agent is ${agent.status}, not online`,
  },
  auto_switch_off: {
    isClosed: ({ agent }) => !agent.autoSwitchEnabled,
    reason: () => 'Auto-switch is off',
  },
  no_primary: {
    isClosed: ({ agent }) => agent.instanceId === null,
    reason: () => 'The agent has no primary instance',
  },
  disruption_window: {
    isWait: true,
    isClosed: ({ config }, _to, now) => !isInWindow(config.disruptionWindows, now),
    reason: () => 'Outside the agent’s disruption windows',
  },
  savings: {
    isLimit: true,
    isClosed: (input, to) =>
      to.action === 'switch_spot' && !atLeast(savingsPercent(input, to), input.config.minSavingsPercent),
    reason: (input, to) =>
      `Saving ${savingsPercent(input, to).toFixed(1)} % is below the minimum of ${input.config.minSavingsPercent} %`,
  },
  risk: {
    isLimit: true,
    // An agent goes on-demand to escape risk, so that risk does not hold it back (docs/adr/0007).
    isClosed: ({ config }, to) => to.action === 'switch_spot' && !atLeast(config.riskThreshold, to.risk),
    reason: ({ config }, to) =>
      `Risk ${to.risk.toFixed(2)} is above the threshold of ${config.riskThreshold.toFixed(2)}`,
  },
  weekly_limit: {
    isLimit: true,
    isClosed: ({ agent, config }) => agent.switches7d >= config.maxSwitchesPerWeek,
    reason: ({ agent, config }) => `${agent.switches7d} switches in 7 days, ${config.maxSwitchesPerWeek} are allowed`,
  },
  daily_limit: {
    isLimit: true,
    isClosed: ({ agent, config }) => agent.switches24h >= config.maxSwitchesPerDay,
    reason: ({ agent, config }) => `${agent.switches24h} switches in 24 h, ${config.maxSwitchesPerDay} are allowed`,
  },
  pool_duration: {
    isLimit: true,
    isClosed: ({ agent, config }, _to, now) => msSince(agent.lastSwitchAt, now) < config.minPoolDurationHours * hourMs,
    reason: ({ config }) => `The last switch is less than ${config.minPoolDurationHours} h ago`,
  },
  stale_prices: {
    isClosed: ({ prices }, to, now) => {
      const target = prices.pools.find((pool) => pool.id === to.poolId);
      return to.action === 'switch_spot' && (!target || !isFresh(target.at, now));
    },
    reason: () => 'Prices are older than 15 min',
  },
  same_target: {
    isClosed: ({ agent }, to) => to.mode === agent.mode && to.poolId === agent.poolId,
    reason: () => 'The agent is already there',
  },
  open_command: {
    isClosed: ({ agent }) => agent.hasOpenCommand,
    reason: () => 'A switch is already under way',
  },
  recent_emergency: {
    isWait: true,
    // An agent with a target or a deadline that fled to on-demand returns as soon as its policy and its budget allow.
    isClosed: ({ agent, service, job }, _to, now) =>
      !((service ?? job) && agent.mode === 'ondemand') && msSince(agent.lastEmergencyAt, now) < emergencyMs,
    reason: () => 'An interruption was announced within the last 2 h',
  },
  emergency_replica: {
    isWait: true,
    isClosed: ({ agent }) => agent.hasEmergencyReplica,
    reason: () => 'An emergency replica is active',
  },
  recent_failure: {
    isWait: true,
    isClosed: (input, _to, now) => msSince(input.agent.lastFailedSwitchAt, now) < failedFor(input),
    reason: (input) => `The last switch failed less than ${failedFor(input) / minuteMs} min ago`,
  },
} satisfies Record<string, Gate>;

export type GateName = keyof typeof gates;
export const gateNames = Object.keys(gates) as GateName[];

/** The first gate that holds a move back, with its reason; `undefined` if none does. */
export function firstClosedGate(input: DecisionInput, to: Move, now: Date) {
  const holds = ({ isLimit, isWait }: Gate) =>
    (input.config.limitsHold || !isLimit) && !(to.isNeeded && (isLimit || isWait));
  const name = gateNames.find((gate) => holds(gates[gate]) && gates[gate].isClosed(input, to, now));
  return name && { name, reason: gates[name].reason(input, to) };
}

/** As a percentage of what is paid now; 0 if that is not known. */
function savingsPercent({ agent, prices }: DecisionInput, to: Move) {
  const paid = agent.mode === 'spot' ? prices.currentSpot : prices.onDemand;
  return paid ? (to.savingsPerHour / paid) * 100 : 0;
}

/** Allows a margin of one millionth, as a saving of exactly 15 % may come out as 14.999999999999996. */
export const atLeast = (value: number, limit: number) => value >= limit - 1e-6;
