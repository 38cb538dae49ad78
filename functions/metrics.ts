/**
 * Every metric that we emit ourselves, because AWS's own metrics do not cover it. The dashboards are made from this
 * table (lib/observability/dashboards.ts), and `emit` accepts no other names.
 *
 * CloudWatch charges 0.30 USD a month for each metric and each value of its dimension, so a dimension has few values,
 * however large the fleet. A label with many values, such as the pool, is a property: it is in the log line, where
 * queries find it, and makes no metric.
 */
export const metrics = {
  AgentsOnline: { unit: 'Count', from: 'measure-fleet', what: 'Agents that send heartbeats' },
  AgentsOffline: { unit: 'Count', from: 'measure-fleet', what: 'Agents that have fallen silent' },
  StandbysReady: { unit: 'Count', from: 'measure-fleet', what: 'Standbys that could take over at once' },
  Interruptions: {
    unit: 'Count',
    from: 'measure-fleet',
    property: 'pool',
    what: 'Termination notices received, each counted once',
  },
  Failovers: { unit: 'Count', from: 'measure-fleet', what: 'Interrupted agents that have a new primary' },
  FailoverTime: { unit: 'Milliseconds', from: 'measure-fleet', what: 'From a notice to the new primary' },
  UndeliveredNotifications: {
    unit: 'Count',
    from: 'measure-fleet',
    what: "Notifications that a tenant's receiver has not accepted yet",
  },
  SavingsYesterday: { unit: 'None', from: 'measure-fleet', what: 'USD that all tenants saved the day before' },
  SavingsThisMonth: { unit: 'None', from: 'measure-fleet', what: 'USD that all tenants have saved since the first' },
  CostThisMonth: { unit: 'None', from: 'measure-fleet', what: "USD that all tenants' instances cost since the first" },
  MovesWanted: { unit: 'Count', from: 'decide', what: 'Decisions in which the policy would leave the pool' },
  MovesAllowed: { unit: 'Count', from: 'decide', what: 'Wanted moves that became a command' },
  MovesRefused: { unit: 'Count', from: 'decide', dimension: 'gate', what: 'Wanted moves that a gate held back' },
  JobLag: {
    unit: 'Milliseconds',
    from: 'each job',
    property: 'job',
    what: 'From the time that a run was due to its start',
  },
  JobFailures: { unit: 'Count', from: 'each job', property: 'job', what: 'Runs that failed' },
  NoticeToDecision: {
    unit: 'Milliseconds',
    from: 'spot-events',
    what: "From the time of EC2's interruption warning until the decision is made and stored",
  },
  EventsHandedBack: { unit: 'Count', from: 'spot-events', what: 'EC2 events that were handed back for redelivery' },
  DataApiCalls: {
    unit: 'Count',
    from: 'each function',
    property: 'function',
    what: 'Calls to the Data API, including retries',
  },
  DataApiRepeats: {
    unit: 'Count',
    from: 'each function',
    property: 'function',
    what: 'Calls to the Data API that retry a failed one',
  },
} as const satisfies Record<string, Metric>;

export interface Metric {
  readonly unit: 'Count' | 'Milliseconds' | 'None';
  /** Who emits it: a job, a Lambda, or all of a kind. */
  readonly from: string;
  /** Besides `service`, which is the same for all of them. */
  readonly dimension?: 'gate';
  readonly property?: 'pool' | 'job' | 'function';
  readonly what: string;
}

export type MetricName = keyof typeof metrics;
