import { createHash } from 'node:crypto';
import { minuteMs, msAfter, msSince } from '../../shared/time.ts';
import type { AgentState, Notice } from '../agent/state.ts';
import { recommendationHour } from './rebalance-recommendation.ts';

/**
 * What EC2 announced of an instance, by whichever way it came: the agent reads it from the instance's metadata,
 * EventBridge brings it to us.
 */
export interface Signal {
  readonly clientId: string;
  readonly agentId: string;
  /** The instance that the signal is about. */
  readonly instanceId: string;
  readonly type: 'termination-notice' | 'rebalance-recommendation';
  readonly detectedAt: Date;
  /** When it was announced, by a clock that is believed: EC2's own, or ours. An agent's `detectedAt` is a claim. */
  readonly announcedAt: Date;
  /** When EC2 takes the instance; unknown for a rebalance recommendation. */
  readonly terminationTime: Date | undefined;
}

/** From EC2's notice to the end of the instance (protocol 8.3). */
export const noticeMs = 2 * minuteMs;

/** An instance is taken away once: what is announced again within this time is the same notice, by another way. */
const sameNoticeMs = 15 * minuteMs;

/** When EC2 takes the instance; of a recommendation, which has no such time, the hour that it stands for. */
export function terminationTimeOf({ type, terminationTime, detectedAt }: Signal): Date {
  if (type === 'rebalance-recommendation') return recommendationHour(detectedAt);
  return terminationTime ?? msAfter(detectedAt, noticeMs);
}

/** The notice that this signal repeats, if it does. */
export function knownNotice({ notice }: AgentState<'notice'>, signal: Signal, now: Date): Notice | undefined {
  if (signal.type !== 'termination-notice' || !notice) return undefined;
  const isSame = notice.terminationTime.getTime() === terminationTimeOf(signal).getTime();
  return isSame || msSince(notice.createdAt, now) <= sameNoticeMs ? notice : undefined;
}

/**
 * The same for a signal that is heard twice at once, so that both find the one row there is. The agent and EventBridge do
 * not give quite the same time for the instance's end, so a notice is named by the one before it: both saw that.
 */
export function noticeIdOf({ notice }: AgentState<'notice'>, signal: Signal): string {
  const which = signal.type === 'termination-notice' ? (notice?.id ?? 'first') : terminationTimeOf(signal).getTime();
  const key = `${signal.instanceId} ${signal.type} ${which}`;
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}
