import { createHash } from 'node:crypto';
import { minuteMs, msAfter, msSince } from '../../shared/time.ts';
import type { AgentState, Notice } from '../agent/state.ts';
import { recommendationHour } from './rebalance-recommendation.ts';

/** What EC2 announced about an instance, as the agent read it from instance metadata or EventBridge delivered it. */
export interface Signal {
  readonly clientId: string;
  readonly agentId: string;
  /** The instance that the signal is about. */
  readonly instanceId: string;
  readonly type: 'termination-notice' | 'rebalance-recommendation';
  readonly detectedAt: Date;
  /** When it was announced, by a trusted clock: EC2's or ours. An agent's `detectedAt` is only a claim. */
  readonly announcedAt: Date;
  /** When EC2 reclaims the instance; `undefined` for a rebalance recommendation, or if nobody said. */
  readonly terminationTime: Date | undefined;
}

/** Time from EC2's notice to the end of the instance (protocol 8.3). */
export const noticeMs = 2 * minuteMs;

/** An instance is reclaimed once: a second notice within this time is the same one by another route. */
const sameNoticeMs = 15 * minuteMs;

/** When EC2 reclaims the instance. A recommendation has no such time, so it gets the hour in which it counts. */
export function terminationTimeOf({ type, terminationTime, detectedAt }: Signal): Date {
  if (type === 'rebalance-recommendation') return recommendationHour(detectedAt);
  return terminationTime ?? msAfter(detectedAt, noticeMs);
}

/** The recorded notice that this signal repeats, if any. */
export function knownNotice({ notice }: AgentState<'notice'>, signal: Signal, now: Date): Notice | undefined {
  if (signal.type !== 'termination-notice' || !notice) return undefined;
  const isSame = notice.terminationTime.getTime() === terminationTimeOf(signal).getTime();
  return isSame || msSince(notice.createdAt, now) <= sameNoticeMs ? notice : undefined;
}

/**
 * The row id of a signal. Two requests that bring the same signal at once derive the same id. The agent and EventBridge
 * give slightly different end times, so a notice's id is derived from the notice before it, which both have read.
 */
export function noticeIdOf({ notice }: AgentState<'notice'>, signal: Signal): string {
  const which = signal.type === 'termination-notice' ? (notice?.id ?? 'first') : terminationTimeOf(signal).getTime();
  const key = `${signal.instanceId} ${signal.type} ${which}`;
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}
