import type { DueInstance } from '../core/termination/unconfirmed.ts';
import { hourMs, later, minuteMs, msAfter, msBetween } from '../shared/time.ts';

const backOffMs = { first: 5 * minuteMs, longest: 6 * hourMs };
const keptCheckMs = hourMs;

/**
 * An instance is overdue this long after it should have been gone. From then on, the tenant is notified if it is still
 * there; if EC2 does not know it, it counts as gone: EC2 knows a terminated instance for about an hour.
 */
const toleratedMs = hourMs;

/** An instance as EC2 describes it. */
export interface SeenInstance {
  readonly id: string;
  /** EC2's state: pending, running, shutting-down, terminated, stopping, stopped. */
  readonly state: string;
  /** When it ended, if EC2 says so. */
  readonly endedAt: Date | undefined;
}

export type Verdict =
  | { readonly kind: 'gone'; readonly at: Date }
  | {
      readonly kind: 'there';
      /** EC2's state, or `not-found`. */
      readonly state: string;
      readonly nextCheckAt: Date;
      /** Whether the tenant is to be notified. */
      readonly notifies: boolean;
    };

export const isOverdue = ({ dueAt }: DueInstance, now: Date) => msBetween(dueAt, now) >= toleratedMs;

interface Answer {
  /** `undefined` if EC2 does not know the instance. */
  readonly seen: SeenInstance | undefined;
  /** Whether EC2 was asked in the account that the tenant's instances are in. */
  readonly isOwnAccount: boolean;
}

/** What EC2's response means for an instance that should be gone. */
export function judge(instance: DueInstance, { seen, isOwnAccount }: Answer, now: Date): Verdict {
  if (seen?.state === 'terminated') return { kind: 'gone', at: seen.endedAt ?? now };
  if (!seen && isOwnAccount && isForgotten(instance, now))
    return { kind: 'gone', at: later(instance.dueAt, instance.lastSeenAt ?? instance.dueAt) };
  const isEnding = seen?.state === 'shutting-down';
  return {
    kind: 'there',
    state: seen?.state ?? 'not-found',
    nextCheckAt: isEnding ? now : nextCheck(instance, now),
    notifies: !isEnding && !instance.isKept && isOverdue(instance, now),
  };
}

/** Overdue, and silent for as long: an instance whose agent still calls runs somewhere, if not where EC2 was asked. */
const isForgotten = (instance: DueInstance, now: Date) =>
  isOverdue(instance, now) && msBetween(instance.lastSeenAt ?? new Date(0), now) >= toleratedMs;

/** After 5, 10, 20, … minutes; every hour for an instance that the tenant keeps. */
function nextCheck(instance: DueInstance, now: Date): Date {
  if (instance.isKept) return msAfter(now, keptCheckMs);
  const pauseMs = Math.min(backOffMs.first * 2 ** instance.ec2Checks, backOffMs.longest);
  return notPastOverdue(instance, msAfter(now, pauseMs), now);
}

/** When to check an instance again that EC2 cannot be asked about. */
export const nextUnanswered = (instance: DueInstance, now: Date): Date =>
  notPastOverdue(instance, msAfter(now, backOffMs.longest), now);

/** The next check, but not after the moment at which the instance becomes overdue. */
function notPastOverdue({ dueAt }: DueInstance, next: Date, now: Date): Date {
  const overdueAt = msAfter(dueAt, toleratedMs);
  return now < overdueAt && overdueAt < next ? overdueAt : next;
}
