/**
 * The end of an instance: when it is due, who is asked to terminate it, what was reported of that, and what EC2 said.
 * Agents terminate instances; the control plane never does. This room owns no table, only the columns of `instances`
 * about the end (termination_*, ec2_*), and it sets the status `terminated`.
 */
import { minuteMs, msAfter, msBefore, msBetween } from '../../shared/time.ts';

/** Pause after an attempt to terminate an instance, and how many attempts are made before giving up (protocol X3). */
const retryAfterMs = 5 * minuteMs;
export const maxAttempts = 12;

/** A zombie terminates itself. In case its agent is dead, the primary is asked too, this much later (protocol 9.2). */
const fallbackMs = 2 * minuteMs;

/** An instance that has to end and is not confirmed gone. */
export interface LeavingInstance {
  readonly id: string;
  /** A replaced instance first waits as a zombie; a standby that is let go is terminated at once. */
  readonly status: 'zombie' | 'terminated';
  /** Since when it has this status; `null` if unknown, which leaves it to the reconciler. */
  readonly since: Date | null;
  readonly attempts: number;
  readonly attemptedAt: Date | null;
}

export interface LeavingInstances<I extends LeavingInstance = LeavingInstance> {
  readonly agent: {
    readonly isAutoTerminate: boolean;
    /** How long a replaced instance is kept. */
    readonly waitSeconds: number;
    readonly primaryId: string | null;
    /** Whether the primary is not silent. */
    readonly isPrimaryHeard: boolean;
  };
  readonly instances: readonly I[];
}

export interface Due<I> {
  readonly instance: I;
  readonly reason: 'zombie_timeout' | 'replica_terminated';
  readonly secondsWaiting: number;
}

/**
 * The instances that the caller is asked to terminate now. An instance is asked to end itself. The primary is asked to
 * end all of them, a zombie a little later. Any other caller is asked only to end itself, and not while the primary is
 * silent: it may be its agent's last live instance. Nobody is asked if auto-terminate is off.
 * @param caller the requesting instance; `null` for a request that names none while there is no primary
 */
export function terminationPolicy<I extends LeavingInstance>(
  { agent, instances }: LeavingInstances<I>,
  caller: string | null,
  now: Date,
): Due<I>[] {
  if (!agent.isAutoTerminate || (caller !== agent.primaryId && !agent.isPrimaryHeard)) return [];
  return instances.flatMap((instance) => {
    const { id, status, since } = instance;
    if (since === null || isGivenUp(instance) || isJustTried(instance, now)) return [];
    const isZombie = status === 'zombie';
    const byItself = isZombie ? msAfter(since, agent.waitSeconds * 1000) : since;
    const byPrimary = isZombie ? msAfter(byItself, fallbackMs) : since;
    const dueAt = caller === id ? byItself : caller === agent.primaryId ? byPrimary : undefined;
    if (dueAt === undefined || now < dueAt) return [];
    const reason = isZombie ? ('zombie_timeout' as const) : ('replica_terminated' as const);
    return [{ instance, reason, secondsWaiting: Math.floor(msBetween(since, now) / 1000) }];
  });
}

const isGivenUp = ({ attempts }: LeavingInstance) => attempts >= maxAttempts;

const isJustTried = ({ attemptedAt }: LeavingInstance, now: Date) =>
  attemptedAt !== null && attemptedAt > msBefore(now, retryAfterMs);
