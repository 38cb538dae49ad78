import type { Agent } from '../../shared/schema.ts';
import { earlier, msBetween, secondMs } from '../../shared/time.ts';

export type JobOfAgent = Pick<Agent, (typeof jobColumns)[number]>;
export const jobColumns = [
  'remainingWorkSeconds',
  'remainingWorkAt',
  'restartOverheadSeconds',
  'primaryChangedAt',
  'lastHeartbeatAt',
] as const satisfies readonly (keyof Agent)[];

/** What is left to do: the work itself, and the rest of the last launch's overhead. */
export interface WorkLeft {
  readonly seconds: number;
  readonly overheadSeconds: number;
}

/**
 * The work that an agent has left at a given time: what was last reported, less the time since then in which its
 * primary was heard of and past its overhead. An agent that reports its work rarely or never is assumed to do it while
 * it runs (docs/adr/0072).
 * @returns `null` if nobody has said how much work there is
 */
export function workLeft(job: JobOfAgent, now: Date): WorkLeft | null {
  const {
    remainingWorkSeconds: said,
    remainingWorkAt: at,
    restartOverheadSeconds: overhead = 0,
    lastHeartbeatAt,
  } = job;
  if (said == null || at == null) return null;
  const overheadAt = (time: Date) => Math.max(0, overhead - secondsSince(job.primaryChangedAt ?? at, time));
  const until = lastHeartbeatAt == null ? at : earlier(lastHeartbeatAt, now);
  const done = Math.max(0, secondsSince(at, until) - overheadAt(at));
  return { seconds: Math.max(0, said - done), overheadSeconds: overheadAt(now) };
}

/** Whole seconds: a second that has only begun is not done. */
const secondsSince = (from: Date, to: Date) => Math.max(0, Math.floor(msBetween(from, to) / secondMs));
