import { hourMs, minuteMs, msSince } from '../../shared/time.ts';
import type { Hearing } from '../agent/hearing.ts';
import { isVersion3 } from '../agent/identity.ts';
import { isStandbySilent } from '../agent/liveness.ts';
import type { AgentState, Launches, Standby } from '../agent/state.ts';
import { isAwaitingSuccessor, type OpenSwitch } from '../command/open-switch.ts';

/**
 * The room of standbys and of what EC2 announces.
 * Owns the tables: replica_instances, spot_interruption_events, pool_losses.
 *
 * This file says when a standby is made and when it is ended: pure functions of what is known of an agent. Where it goes
 * is said in placement.ts, what comes of an interruption in notices.ts, and coordinate.ts looks after all of it each minute.
 */
export type StandbyType = 'manual' | 'automatic-rebalance' | 'automatic-termination';

/** Why the policy is asked. */
export type Occasion =
  | 'termination-notice'
  | 'rebalance-recommendation'
  /** The last standby of an agent has come to nothing. */
  | 'standby-lost'
  | 'manual-mode-on'
  /** The coordinator looks at the agent, for what no call announces. */
  | 'review';

export interface Situation {
  readonly occasion: Occasion;
  readonly agent: AgentState['agent'];
  readonly primary: { readonly id: string } | undefined;
  readonly openSwitch: OpenSwitch | undefined;
  /** The active ones, without one that is just lost. */
  readonly standbys: readonly unknown[];
  /** Only a review has to know. */
  readonly launches?: Launches;
}

export type StandbyPlan =
  | { readonly do: 'nothing' }
  /** Launch one in the best pool; where there is none, do the other thing. */
  | { readonly do: 'launch'; readonly type: StandbyType; readonly otherwise: 'nothing' | 'go-on-demand' }
  | { readonly do: 'go-on-demand' };

const nothing = { do: 'nothing' } as const;
const goOnDemand = { do: 'go-on-demand' } as const;
const launch = (type: StandbyType, otherwise: 'nothing' | 'go-on-demand' = 'nothing') =>
  ({ do: 'launch', type, otherwise }) as const;

/** What to do about an agent's standby now (protocol 9.8). One active standby is enough, whatever it was made for. */
export function standbyPolicy(state: Situation, now: Date): StandbyPlan {
  if (state.standbys.length > 0) return nothing;
  const canLaunch = canLaunchStandbys(state.agent);
  switch (state.occasion) {
    case 'termination-notice':
      return canLaunch ? launch('automatic-termination', 'go-on-demand') : goOnDemand;
    // It is no reason to leave Spot: the review looks for a pool again each minute.
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
 * A standby that is queued with less time than this before the end of the primary is the last thing its agent tries. The agent
 * asks for standbys every 30 s and for commands every 15 s (protocol 6.2): were the launch refused, nobody would be left to
 * launch on demand.
 */
const lastTryMs = minuteMs;

/** EC2 takes the primary and no standby is left: the next pool is tried, unless a switch is moving the agent already. */
function replaceForLostPrimary({ agent, openSwitch }: Situation, now: Date): StandbyPlan {
  if (isAwaitingSuccessor(openSwitch)) return nothing;
  const leftMs = -msSince(agent.pendingTerminationAt, now);
  // An instance that outlives its end has time again.
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

/** A recommendation that is this old was a false alarm, or is over. */
export const alarmMs = 2 * hourMs;

/**
 * A rebalance recommendation still asks for a standby: where its launch failed or there was no pool; not where the standby
 * was let go, or the agent has moved since or is about to.
 */
function isRecommended({ agent, openSwitch, launches }: Situation, now: Date): boolean {
  const { lastRebalanceRecommendationAt: at, lastSwitchAt, autoSwitchEnabled, currentMode } = agent;
  if (at === null || msSince(at, now) >= alarmMs) return false;
  if (!autoSwitchEnabled || currentMode !== 'spot' || isAwaitingSuccessor(openSwitch)) return false;
  const hasMoved = lastSwitchAt !== null && lastSwitchAt >= at;
  const wasLetGo = launches?.lastEndedCreatedAt != null && launches.lastEndedCreatedAt >= at;
  return !hasMoved && !wasLetGo;
}

/** An instance that still lives this long after EC2 was to take it is kept; later nobody is left to launch a standby. */
export const survivedMs = 10 * minuteMs;

/** Whether EC2 is taking the primary away. */
export const isLosingPrimary = ({ agent, primary }: Pick<Situation, 'agent' | 'primary'>, now: Date) =>
  agent.pendingTerminationAt !== null &&
  agent.pendingTerminationInstance === primary?.id &&
  msSince(agent.pendingTerminationAt, now) < survivedMs;

/** Agents of version 3 know nothing of standbys: one that is queued for them would wait for ever. */
export const canLaunchStandbys = ({ agentVersion }: { readonly agentVersion: string | null }) =>
  !isVersion3(agentVersion);

/** After so many standbys in a row that were never heard of, one is launched only where somebody asks for it. */
export const maxUnheard = 3;

const longestBackOffMs = 30 * minuteMs;

/**
 * After a launch that failed an agent is asked again a minute later, and after twice as long each time, up to half an hour
 * (protocol 9.4). Pools have a quarantine of their own; with many pools that alone is no back-off. Where standby after
 * standby is launched and never heard of, no more are launched: each of them runs and costs.
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

/** A launch without an instance is given up after this (protocol 7.2). */
export const launchMs = 10 * minuteMs;

/**
 * Whether a standby has come to nothing, or has outlived what it was made for (protocol 9.8). One that was made for an
 * alarm stays while EC2 is taking the primary. An instance that was never heard of since its launch was reported is
 * `unheard`: its image may have no agent.
 * @param lastSeenAt when its instance was last heard of; `null` without one. `hearing`: when we could hear it
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
