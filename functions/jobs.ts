/**
 * Every scheduled job. EventBridge Scheduler's schedules are made from this table, and the handler of `runsIn` does not
 * compile without a function for each of its entries. The Lambda receives `{ job, time }`.
 */
export const jobs = {
  decide: {
    runsIn: 'jobs',
    every: 'rate(1 minute)',
    summary:
      'Decides for each agent whose primary has reported prices since its last decision; queues the allowed switches',
  },
  'sweep-commands': {
    runsIn: 'jobs',
    every: 'rate(1 minute)',
    summary: 'Closes commands whose time has run out: inferred complete, failed, or expired',
  },
  'expire-agents': {
    runsIn: 'jobs',
    every: 'rate(1 minute)',
    summary: 'Marks agents offline that have stopped sending heartbeats',
  },
  'coordinate-replicas': {
    runsIn: 'jobs',
    every: 'rate(1 minute)',
    summary: 'Ends standbys that failed, creates those that are missing, and closes emergencies that are over',
  },
  'observe-pools': {
    runsIn: 'jobs',
    every: 'rate(10 minutes)',
    summary:
      'Records which pools had capacity in the last full ten minutes, from what agents experienced, and rates their risk',
  },
  'check-pricing-alerts': {
    runsIn: 'jobs',
    every: 'rate(5 minutes)',
    summary: 'Notifies tenants of prices that have passed the threshold of an alert',
  },
  'cap-launches': {
    runsIn: 'jobs',
    every: 'rate(1 minute)',
    summary: 'Stops launches for tenants whose agents were told to launch far more than they can need',
  },
  'accrue-savings': {
    runsIn: 'jobs',
    every: 'cron(12 * * * ? *)',
    summary: 'Calculates what instances cost in the hours that have ended, and what was saved',
  },
  'accrue-savings-again': {
    runsIn: 'jobs',
    every: 'cron(0 1 * * ? *)',
    summary: 'Recalculates the last day, with data that arrived late',
  },
  'measure-fleet': {
    runsIn: 'jobs',
    every: 'rate(5 minutes)',
    summary: 'Emits how many agents and standbys there are, what was interrupted and how long failovers took',
  },
  'delete-clients': {
    runsIn: 'jobs',
    every: 'rate(1 minute)',
    summary: 'Deletes the rows of deleted tenants, a few thousand at a time',
  },
  'snapshot-clients': {
    runsIn: 'jobs',
    every: 'cron(5 0 * * ? *)',
    summary: 'Records how many tenants and switches there were at the end of the previous day',
  },
  'fill-price-gaps': {
    runsIn: 'jobs',
    every: 'cron(0 3 * * ? *)',
    summary: 'Fills gaps of up to two hours between observed prices, marked as interpolated',
  },
  'play-what-ifs': {
    runsIn: 'jobs',
    every: 'rate(1 minute)',
    summary: 'Runs the back-tests that tenants and operators asked for on recorded history',
  },
  'delete-old-rows': {
    runsIn: 'jobs',
    every: 'cron(0 2 * * ? *)',
    summary: 'Deletes data whose retention period is over, in small steps',
  },
  'collect-prices': {
    runsIn: 'reconciler',
    every: 'rate(5 minutes)',
    summary: "Collects EC2's own Spot prices for the types and regions that agents are in",
  },
  'collect-market': {
    runsIn: 'reconciler',
    every: 'rate(15 minutes)',
    summary:
      'Asks AWS once a day about the instance types of agents: where they are offered, what they cost, how often they are interrupted',
  },
  'reconcile-instances': {
    runsIn: 'reconciler',
    every: 'rate(1 minute)',
    summary: 'Asks EC2 about instances that should have been terminated, and notifies tenants of those still running',
  },
  'deliver-notifications': {
    runsIn: 'delivery',
    every: 'rate(1 minute)',
    summary: 'Sends notifications to the webhooks and topics of tenants, gathered into digests',
  },
} as const satisfies Record<string, Job>;

export interface Job {
  /**
   * The Lambda that runs it: a folder beside this file. Most jobs share one. EC2's client is too large for that one,
   * and code that calls addresses named by tenants may do nothing else.
   */
  readonly runsIn: 'jobs' | 'reconciler' | 'delivery';
  /** An EventBridge Scheduler expression, UTC. */
  readonly every: `rate(${string})` | `cron(${string})`;
  readonly summary: string;
}

export type JobName = keyof typeof jobs;
export type JobLambda = Job['runsIn'];

/** The jobs of one Lambda. */
export type JobOf<L extends JobLambda> = {
  [K in JobName]: (typeof jobs)[K]['runsIn'] extends L ? K : never;
}[JobName];

export const jobLambdas: readonly JobLambda[] = [...new Set(Object.values<Job>(jobs).map(({ runsIn }) => runsIn))];

/** What EventBridge Scheduler sends; `time` is when the run was due, and is the same in a retry. */
export interface JobEvent {
  readonly job: JobName;
  /** ISO-8601, UTC. */
  readonly time: string;
}
