import type { Agent } from '../../shared/schema.ts';
import { earlier, msBetween, secondMs } from '../../shared/time.ts';

export type JobOfAgent = Pick<
  Agent,
  'remainingWorkSeconds' | 'remainingWorkAt' | 'restartOverheadSeconds' | 'primaryChangedAt' | 'lastHeartbeatAt'
>;

/** What is left to do: the work itself, and what remains of the overhead of the last launch. */
export interface WorkLeft {
  readonly seconds: number;
  readonly overheadSeconds: number;
}

/**
 * The work of an agent that is left at a time. What it was last said to be counts, less the time since then in which its primary
 * was heard of and past its overhead: an agent that does not report its work, or reports it now and then, is taken to do it as it
 * runs (docs/adr/0072).
 * @returns `null` where nobody has said how much there is
 */
export function workLeft(job: Partial<JobOfAgent>, now: Date): WorkLeft | null {
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

/** Whole ones: what is begun is not done. */
const secondsSince = (from: Date, to: Date) => Math.max(0, Math.floor(msBetween(from, to) / secondMs));
