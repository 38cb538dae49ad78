import { hashOf, seeded } from '../../random.ts';

/** The polling loops of an agent (contract 9.2). */
export type Loop =
  | 'heartbeat'
  | 'pendingCommands'
  | 'config'
  | 'pricing'
  | 'launchingReplicas'
  | 'terminatedReplicas'
  | 'instancesToTerminate'
  | 'cleanup';

/** How often an agent polls: at its true periods always, or only while something happens to it. */
export type Cadence =
  | { readonly kind: 'true' }
  | {
      readonly kind: 'coarse';
      /** The common period of all loops of an idle agent. */
      readonly pollSeconds: number;
      /** When in that period this agent polls, so that agents do not all poll at once. */
      readonly offsetSeconds: number;
    };

/** Commands are asked for this much after the prices were reported: the control plane decides once a minute. */
const decisionSeconds = 90;

/**
 * How long a loop rests after a run.
 * @param period the loop's true period, seconds; a coarse poll never comes earlier
 * @param busyUntil up to then something is happening to the agent, and true periods hold
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
 * How long a loop that is woken from its coarse rest waits, so that it runs when it would have run at its true period all
 * along: a loop does not know what another one has just learned.
 * @param agent and the loop's name: what the loop's place in its period is drawn from
 */
export function untilTruePhase(agent: string, loop: Loop, period: number, now: Date): number {
  const phase = Math.floor(seeded(hashOf(`${agent} ${loop}`))() * period);
  const seconds = Math.floor(now.getTime() / 1000);
  return (((phase - seconds) % period) + period) % period;
}

/** Idle agents poll in a few groups: at the same second within one, so that the control plane is kept busy. */
const groups = 5;

export function staggered(pollSeconds: number, index: number): Cadence {
  const offsetSeconds = Math.round(((index % groups) * pollSeconds) / groups);
  return { kind: 'coarse', pollSeconds, offsetSeconds };
}
