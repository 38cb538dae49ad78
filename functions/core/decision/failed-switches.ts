import { minuteMs, secondMs } from '../../shared/time.ts';
import type { FailedSwitch } from '../agent/state.ts';

/**
 * How long a failed switch holds back an agent with a target or a deadline: until the refusal shows in the pool's
 * record.
 */
export const refusedMs = 10 * minuteMs;

interface FailedSwitches {
  /** When the newest failed switch that holds back all moves was closed. */
  readonly lastAt: Date | null;
  /** Pools that have just shown that they lack capacity. */
  readonly refusing: ReadonlySet<string | null>;
}

/**
 * What an agent's failed switches mean for its next move. A pool without capacity says nothing about other pools, so an
 * agent with a target or a deadline tries those at once. The same applies where no cause was reported, as by agents of
 * version 4 (protocol A5), because lack of capacity is the usual cause. A cause on the tenant's side would affect other
 * pools too. Without a target or a deadline, any failed switch holds back all moves.
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
