/**
 * The end of an instance: when it is due, who is asked to terminate it, what was reported of that, and what EC2 said. The
 * agents terminate instances; we never do. It owns no table, but the columns of `instances` that tell of the end
 * (termination_*, ec2_*), and sets the status `terminated`.
 */
import { minuteMs, msAfter, msBefore, msBetween } from '../../shared/time.ts';

/** An instance whose termination was tried is left alone for this long, and given up after so many attempts (protocol X3). */
const retryAfterMs = 5 * minuteMs;
export const maxAttempts = 12;

/** A zombie terminates itself; in case its agent is dead, the primary is asked this much later (protocol 9.2). */
const fallbackMs = 2 * minuteMs;

/** An instance that has to go and is not confirmed to be gone. */
export interface LeavingInstance {
  readonly id: string;
  /** A replaced instance waits as a zombie; a standby that was let go is terminated at once. */
  readonly status: 'zombie' | 'terminated';
  /** Since when it has this status; `null` where that is not known, which leaves it to the reconciler. */
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
 * The instances that the caller is asked to terminate now. An instance is asked to end itself; so is the primary, for a
 * zombie a little later. Anybody else sees only itself, and nothing while the primary is silent: it may be the last
 * instance of its agent that lives. Nobody is asked where auto-terminate is off.
 * @param caller the instance that asks; `null` for a call that names none while there is no primary
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
