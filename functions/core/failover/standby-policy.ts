import { hourMs, minuteMs, msSince } from '../../shared/time.ts';
import type { Hearing } from '../agent/hearing.ts';
import { isVersion3 } from '../agent/identity.ts';
import { isStandbySilent } from '../agent/liveness.ts';
import type { AgentState, Launches, Standby } from '../agent/state.ts';
import { isAwaitingSuccessor, type OpenSwitch } from '../command/open-switch.ts';

/**
 * The room of standbys and EC2's interruption signals.
 * Owns the tables: replica_instances, spot_interruption_events, pool_losses.
 *
 * This file decides when a standby is created and when it ends: pure functions of an agent's state. placement.ts
 * chooses the pool, notices.ts handles interruptions, and coordinate.ts checks everything each minute.
 */
export type StandbyType = 'manual' | 'automatic-rebalance' | 'automatic-termination';

/** Why the policy is consulted. */
export type Occasion =
  | 'termination-notice'
  | 'rebalance-recommendation'
  /** A standby of the agent has failed or was lost. */
  | 'standby-lost'
  | 'manual-mode-on'
  /** The coordinator's check for what no request reports. */
  | 'review';

export interface Situation {
  readonly occasion: Occasion;
  readonly agent: AgentState['agent'];
  readonly primary: { readonly id: string } | undefined;
  readonly openSwitch: OpenSwitch | undefined;
  /** The active standbys, without one that was just lost. */
  readonly standbys: readonly unknown[];
  /** Needed for a review only. */
  readonly launches?: Launches;
}

export type StandbyPlan =
  | { readonly do: 'nothing' }
  /** Launch one in the best pool; if there is no pool, do what `otherwise` says. */
  | { readonly do: 'launch'; readonly type: StandbyType; readonly otherwise: 'nothing' | 'go-on-demand' }
  | { readonly do: 'go-on-demand' };

const nothing = { do: 'nothing' } as const;
const goOnDemand = { do: 'go-on-demand' } as const;
const launch = (type: StandbyType, otherwise: 'nothing' | 'go-on-demand' = 'nothing') =>
  ({ do: 'launch', type, otherwise }) as const;

/** What to do about an agent's standby now (protocol 9.8). One active standby is enough, whatever its purpose. */
export function standbyPolicy(state: Situation, now: Date): StandbyPlan {
  if (state.standbys.length > 0) return nothing;
  const canLaunch = canLaunchStandbys(state.agent);
  switch (state.occasion) {
    case 'termination-notice':
      return canLaunch ? launch('automatic-termination', 'go-on-demand') : goOnDemand;
    // A recommendation is no reason to leave Spot: the review looks for a pool again each minute.
    case 'rebalance-recommendation':
      return canLaunch ? launch('automatic-rebalance') : nothing;
    case 'manual-mode-on':
      return canLaunch ? launch('manual') : nothing;
    case 'standby-lost':
      return isLosingPrimary(state, now) ? replaceForLostPrimary(state, now) : nothing;
    case 'review':
      return review(state, now);
  }
}

/**
 * With less time than this left, the agent is sent to on-demand instead of to the next pool. Agents poll for standbys
 * every 30 s and for commands every 15 s (protocol 6.2): after a failed launch it would be too late.
 */
const lastTryMs = minuteMs;

/** EC2 is reclaiming the primary and no standby is left: try the next pool, unless a switch is already under way. */
function replaceForLostPrimary({ agent, openSwitch }: Situation, now: Date): StandbyPlan {
  if (isAwaitingSuccessor(openSwitch)) return nothing;
  const leftMs = -msSince(agent.pendingTerminationAt, now);
  // An instance that outlives its announced end has time again.
  if (leftMs > 0 && leftMs < lastTryMs) return goOnDemand;
  return canLaunchStandbys(agent) ? launch('automatic-termination', 'go-on-demand') : goOnDemand;
}

function review(state: Situation, now: Date): StandbyPlan {
  const { agent, primary, launches } = state;
  if (!primary) return nothing;
  if (isLosingPrimary(state, now)) return replaceForLostPrimary(state, now);
  const isServed = agent.enabled && agent.status === 'online' && canLaunchStandbys(agent);
  if (!isServed || (launches && !hasBackedOff(launches, now))) return nothing;
  if (agent.manualReplicaEnabled) return launch('manual');
  return isRecommended(state, now) ? launch('automatic-rebalance') : nothing;
}

/** A recommendation this old was a false alarm or is over. */
export const alarmMs = 2 * hourMs;

/**
 * Whether a rebalance recommendation still asks for a standby, because the launch failed or there was no pool. It does
 * not once a standby for it was ended or promoted, or the agent has moved since or is about to move.
 */
function isRecommended({ agent, openSwitch, launches }: Situation, now: Date): boolean {
  const { lastRebalanceRecommendationAt: at, lastSwitchAt, autoSwitchEnabled, currentMode } = agent;
  if (at === null || msSince(at, now) >= alarmMs) return false;
  if (!autoSwitchEnabled || currentMode !== 'spot' || isAwaitingSuccessor(openSwitch)) return false;
  const hasMoved = lastSwitchAt !== null && lastSwitchAt >= at;
  const wasLetGo = launches?.lastEndedCreatedAt != null && launches.lastEndedCreatedAt >= at;
  return !hasMoved && !wasLetGo;
}

/** An instance alive this long after its announced end has survived; a dead one is not there to launch a standby. */
export const survivedMs = 10 * minuteMs;

/** Whether EC2 is reclaiming the primary. */
export const isLosingPrimary = ({ agent, primary }: Pick<Situation, 'agent' | 'primary'>, now: Date) =>
  agent.pendingTerminationAt !== null &&
  agent.pendingTerminationInstance === primary?.id &&
  msSince(agent.pendingTerminationAt, now) < survivedMs;

/** Version 3 agents do not support standbys: one that is queued for them would never launch. */
export const canLaunchStandbys = ({ agentVersion }: { readonly agentVersion: string | null }) =>
  !isVersion3(agentVersion);

/** After this many standbys in a row that were never heard from, one is launched only on request. */
export const maxUnheard = 3;

const longestBackOffMs = 30 * minuteMs;

/**
 * Whether the agent may be asked for another launch: a minute after a failed one, and twice as long after each further
 * failure, up to half an hour (protocol 9.4). Pools have their own quarantine, but with many pools that alone does not
 * slow an agent down. If standby after standby is never heard from, no more are launched: each one costs money.
 */
function hasBackedOff({ failures, lastFailureAt, unheard }: Launches, now: Date): boolean {
  if (unheard >= maxUnheard) return false;
  if (failures === 0) return true;
  return msSince(lastFailureAt, now) >= Math.min(minuteMs * 2 ** (failures - 1), longestBackOffMs);
}

interface Heard {
  readonly agent: AgentState['agent'];
  readonly lastSeenAt: Date | null;
  readonly hearing?: Hearing | undefined;
}

/** Why a standby has to end. */
export type Overdue = 'not-launched' | 'silent' | 'unheard' | 'alarm-over';

/** A launch without an instance is given up after this long (protocol 7.2). */
export const launchMs = 10 * minuteMs;

/**
 * Why a standby has failed or is no longer needed (protocol 9.8); `undefined` if it stays. A standby made for an alarm
 * stays while the agent has a pending termination. An instance that was not heard from since its launch was reported is
 * `unheard`: its image may have no agent.
 * @param lastSeenAt when its instance was last heard from; `null` without one. `hearing`: when we could hear it
 */
export function overdueOf(
  standby: Pick<Standby, 'instanceId' | 'replicaType' | 'launchedAt' | 'createdAt'>,
  { agent, lastSeenAt, hearing }: Heard,
  now: Date,
): Overdue | undefined {
  const ageMs = msSince(standby.createdAt, now);
  if (standby.instanceId === null && ageMs >= launchMs) return 'not-launched';
  if (isStandbySilent(lastSeenAt, hearing, now))
    return standby.launchedAt !== null && lastSeenAt! <= standby.launchedAt ? 'unheard' : 'silent';
  const isForAlarm = standby.replicaType !== 'manual';
  return isForAlarm && ageMs >= alarmMs && agent.pendingTerminationInstance === null ? 'alarm-over' : undefined;
}
