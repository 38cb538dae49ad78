/**
 * Every scheduled job: EventBridge Scheduler's rules are made from this table, and `functions/jobs/handler.ts` does not
 * compile without a function for each entry. All jobs share one Lambda, which is told `{ job, time }`.
 */
export const jobs = {
  decide: {
    every: 'rate(1 minute)',
    summary:
      'Decides for each agent whose primary has reported prices since its last decision, and queues what is allowed',
  },
  'sweep-commands': {
    every: 'rate(1 minute)',
    summary: 'Closes commands whose time has run out: inferred complete, failed, or expired',
  },
  'expire-agents': {
    every: 'rate(1 minute)',
    summary: 'Marks agents offline that have stopped heart-beating',
  },
  'coordinate-replicas': {
    every: 'rate(1 minute)',
    summary: 'Ends standbys that came to nothing, makes those that are missing, and closes emergencies that are over',
  },
} as const satisfies Record<string, Job>;

export interface Job {
  /** An EventBridge Scheduler expression, UTC. */
  readonly every: `rate(${string})` | `cron(${string})`;
  readonly summary: string;
}

export type JobName = keyof typeof jobs;

/** What EventBridge Scheduler sends; `time` is the time the run was due, which a retried run repeats. */
export interface JobEvent {
  readonly job: JobName;
  /** ISO-8601, UTC. */
  readonly time: string;
}
