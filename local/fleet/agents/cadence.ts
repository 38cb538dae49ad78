import { hashOf, seeded } from '../../random.ts';
import type { Loop } from './loops.ts';

/** How often an agent polls: always at its own intervals, or only while something happens to it. */
export type Cadence =
  | { readonly kind: 'true' }
  | {
      readonly kind: 'coarse';
      /** The period of every loop of an idle agent. */
      readonly pollSeconds: number;
      /** When in that period the agent polls: agents must not all poll at once. */
      readonly offsetSeconds: number;
    };

/** How long after its price report an agent polls for commands: the control plane decides once a minute. */
const decisionSeconds = 90;

/**
 * How long a loop rests after a run, seconds.
 * @param period the loop's own interval, seconds; a coarse poll never comes earlier
 * @param busyUntil until then the agent polls at its own intervals
 */
export function restSeconds(cadence: Cadence, loop: Loop, period: number, now: Date, busyUntil: Date): number {
  if (cadence.kind === 'true') return period;
  const seconds = now.getTime() / 1000;
  if (seconds + period <= busyUntil.getTime() / 1000) return period;
  const { pollSeconds, offsetSeconds } = cadence;
  const phase = offsetSeconds + (loop === 'pendingCommands' ? Math.min(decisionSeconds, pollSeconds / 2) : 0);
  return Math.ceil((seconds + period - phase) / pollSeconds) * pollSeconds + phase - seconds;
}

/**
 * How long a loop that was woken from a coarse rest still waits, seconds. It then runs when it would have run at its own
 * interval all along: in reality, a loop does not know what another one has just learned.
 * @param agent with the loop's name, the seed of the loop's place in its period
 */
export function untilTruePhase(agent: string, loop: Loop, period: number, now: Date): number {
  const phase = Math.floor(seeded(hashOf(`${agent} ${loop}`))() * period);
  const seconds = Math.floor(now.getTime() / 1000);
  return (((phase - seconds) % period) + period) % period;
}

/** Idle agents poll in groups. Those of a group poll in the same second, which keeps the control plane busy. */
const groups = 5;

export function staggered(pollSeconds: number, index: number): Cadence {
  const offsetSeconds = Math.round(((index % groups) * pollSeconds) / groups);
  return { kind: 'coarse', pollSeconds, offsetSeconds };
}
