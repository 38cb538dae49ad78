import type { DueMachine } from '../core/termination/due.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const backOffMs = { first: 5 * minuteMs, longest: 6 * hourMs };
const keptCheckMs = hourMs;

/**
 * From this long after it was due, a machine that is still there is the tenant's business, and one that EC2 does not know
 * is taken to be forgotten: EC2 knows a terminated machine for about an hour.
 */
const toleratedMs = hourMs;

/** A machine as EC2 describes it. */
export interface SeenMachine {
  readonly id: string;
  /** EC2's word: pending, running, shutting-down, terminated, stopping, stopped. */
  readonly state: string;
  /** When it ended, if EC2 says so. */
  readonly endedAt: Date | undefined;
}

export type Verdict =
  | { readonly kind: 'gone'; readonly at: Date }
  | {
      readonly kind: 'there';
      /** EC2's word, or `not-found`. */
      readonly state: string;
      readonly nextCheckAt: Date;
      /** Whether the tenant is to hear of it. */
      readonly isTold: boolean;
    };

export const isOverdue = ({ dueAt }: DueMachine, now: Date) => now.getTime() - dueAt.getTime() >= toleratedMs;

/**
 * What EC2's answer means for a machine that should be gone.
 * @param seen `undefined` where EC2 does not know it
 * @param isOwnAccount whether EC2 was asked in the account that the tenant's machines are in
 */
export function judge(
  machine: DueMachine,
  seen: SeenMachine | undefined,
  { isOwnAccount, now }: { isOwnAccount: boolean; now: Date },
): Verdict {
  if (seen?.state === 'terminated') return { kind: 'gone', at: seen.endedAt ?? now };
  if (!seen && isOwnAccount && isForgotten(machine, now))
    return { kind: 'gone', at: later(machine.dueAt, machine.lastSeenAt) };
  const isEnding = seen?.state === 'shutting-down';
  return {
    kind: 'there',
    state: seen?.state ?? 'not-found',
    nextCheckAt: isEnding ? now : nextCheck(machine, now),
    isTold: !isEnding && !machine.isKept && isOverdue(machine, now),
  };
}

/** One whose agent has spoken to us since is somewhere, if not where EC2 was asked. */
const isForgotten = (machine: DueMachine, now: Date) =>
  isOverdue(machine, now) && now.getTime() - (machine.lastSeenAt?.getTime() ?? 0) >= toleratedMs;

/** After 5, 10, 20, … minutes; what the tenant keeps, by the hour. */
function nextCheck(machine: DueMachine, now: Date): Date {
  if (machine.isKept) return new Date(now.getTime() + keptCheckMs);
  const pauseMs = Math.min(backOffMs.first * 2 ** machine.ec2Checks, backOffMs.longest);
  return notPastTheMark(machine, new Date(now.getTime() + pauseMs), now);
}

/** When to look again at a machine about which nobody can be asked. */
export const nextUnanswered = (machine: DueMachine, now: Date): Date =>
  notPastTheMark(machine, new Date(now.getTime() + backOffMs.longest), now);

/** The moment from which a machine is overdue is not slept through. */
function notPastTheMark({ dueAt }: DueMachine, next: Date, now: Date): Date {
  const mark = new Date(dueAt.getTime() + toleratedMs);
  return now < mark && mark < next ? mark : next;
}

const later = (a: Date, b: Date | null) => (b && b > a ? b : a);
