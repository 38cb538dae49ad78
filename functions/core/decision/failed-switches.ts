import { minuteMs, secondMs } from '../../shared/time.ts';
import type { FailedSwitch } from '../agent/state.ts';

/** How long a failed switch keeps an agent with a target or a deadline: until a refusal counts among what was seen of the pool. */
export const refusedMs = 10 * minuteMs;

interface FailedSwitches {
  /** When the newest one was closed that holds all moves back. */
  readonly lastAt: Date | null;
  /** Pools that have just shown to have no capacity. */
  readonly refusing: ReadonlySet<string | null>;
}

/**
 * What an agent's failed switches mean for its next move. A pool without capacity says nothing of the others, so an agent with a target
 * or a deadline tries those at once; so it does where no cause was told, as by agents of version 4 (protocol A5), for that is the usual one. A
 * cause of the tenant's own would hold there too. Without target and deadline any failed switch holds all moves back.
 */
export function failedSwitchesOf(failed: readonly FailedSwitch[], triesOthers: boolean, now: Date): FailedSwitches {
  const isRefusal = ({ poolId, cause }: FailedSwitch) =>
    triesOthers && poolId !== null && (cause === 'capacity' || cause === 'other');
  const last = failed.findLast((one) => !isRefusal(one));
  const recent = failed.filter((one) => isRefusal(one) && one.at * secondMs > now.getTime() - refusedMs);
  return {
    lastAt: last ? new Date(last.at * secondMs) : null,
    refusing: new Set(recent.map(({ poolId }) => poolId)),
  };
}
