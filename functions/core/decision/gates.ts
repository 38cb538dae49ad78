import { hourMs, minuteMs, msAfter } from '../../shared/time.ts';
import { isInWindow, nextWindows } from '../agent/disruption-windows.ts';
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
  /** When it opens, if that is a matter of time alone. */
  readonly opensAt?: (input: DecisionInput, now: Date) => Date | null | undefined;
  readonly reason: (input: DecisionInput, to: Move) => string;
}

/** A gate that is closed for some time after something happened. @param endOf when that ends; `null` if it did not happen */
const pause = (endOf: (input: DecisionInput) => Date | null): Pick<Gate, 'isClosed' | 'opensAt'> => ({
  isClosed: (input, _to, now) => (endOf(input) ?? now) > now,
  opensAt: endOf,
});

const after = (time: Date | null, ms: number) => time && msAfter(time, ms);

/** How long an agent stays where it is after an interruption signal. */
const emergencyMs = 2 * hourMs;
/** Without this pause an agent whose launches fail would try again with every price report. */
const failedFor = ({ service, job }: DecisionInput) => ((service ?? job) ? refusedMs : failedSwitchesMs);

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
    opensAt: ({ config }, now) => nextWindows(config.disruptionWindows, now, 1)[0]?.from,
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
    ...pause(({ agent, config }) => after(agent.lastSwitchAt, config.minPoolDurationHours * hourMs)),
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
    ...pause(({ agent, service, job }) =>
      (service ?? job) && agent.mode === 'ondemand' ? null : after(agent.lastEmergencyAt, emergencyMs),
    ),
    reason: () => 'An interruption was announced within the last 2 h',
  },
  emergency_replica: {
    isWait: true,
    isClosed: ({ agent }) => agent.hasEmergencyReplica,
    reason: () => 'An emergency replica is active',
  },
  recent_failure: {
    isWait: true,
    ...pause((input) => after(input.agent.lastFailedSwitchAt, failedFor(input))),
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

/** When a closed gate opens if nothing else happens; `undefined` for one that time alone does not open. */
export function opensAt(name: GateName | null, input: DecisionInput, now: Date): Date | undefined {
  const gate: Gate | undefined = name ? gates[name] : undefined;
  return gate?.opensAt?.(input, now) ?? undefined;
}

/** As a percentage of what is paid now; 0 if that is not known. */
function savingsPercent({ agent, prices }: DecisionInput, to: Move) {
  const paid = agent.mode === 'spot' ? prices.currentSpot : prices.onDemand;
  return paid ? (to.savingsPerHour / paid) * 100 : 0;
}

/** Allows a margin of one millionth, as a saving of exactly 15 % may come out as 14.999999999999996. */
export const atLeast = (value: number, limit: number) => value >= limit - 1e-6;
