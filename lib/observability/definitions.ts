import { functionNames, type LambdaName } from '../../functions/lambdas.ts';
import type { MetricName } from '../../functions/metrics.ts';

/** The resources for which AWS publishes metrics itself. */
export type Resource = 'api' | 'database' | 'events' | 'lostEvents' | 'lostJobs' | LambdaName;

export type Statistic = 'Average' | 'Maximum' | 'Sum' | 'p50' | 'p99';

/** A line of a chart. */
export interface Series {
  readonly label: string;
  readonly statistic: Statistic;
  /** One of our metrics, with `by` as one line for each value of that dimension; or a metric of AWS's. */
  readonly metric:
    | { readonly ours: MetricName; readonly by?: 'gate' }
    | { readonly of: Resource; readonly aws: string };
}

interface Titled {
  readonly title: string;
  /** The unit of the vertical axis. */
  readonly unit: string;
}

export interface Chart extends Titled {
  readonly series: readonly Series[];
  readonly isStacked?: true;
  /** A horizontal line that all series should stay below. */
  readonly limit?: { readonly value: number; readonly label: string };
}

/** A sum by a property that has too many values for a metric dimension, so it queries the log. */
export interface Ranking extends Titled {
  readonly ranks: { readonly ours: MetricName; readonly by: 'pool' };
}

export type Widget = Chart | Ranking;

export interface Dashboard {
  readonly name: 'fleet' | 'platform' | 'cost';
  readonly title: string;
  readonly about: string;
  readonly widgets: readonly Widget[];
}

const ours = (ours: MetricName, statistic: Statistic, label: string): Series => ({
  label,
  statistic,
  metric: { ours },
});
const aws = (of: Resource, aws: string, statistic: Statistic, label: string): Series => ({
  label,
  statistic,
  metric: { of, aws },
});
const eachFunction = (name: string, statistic: Statistic): Series[] =>
  (functionNames as LambdaName[]).map((fn) => aws(fn, name, statistic, fn));

const fleet: Dashboard = {
  name: 'fleet',
  title: 'Fleet',
  about: "What the tenants' agents and instances go through.",
  widgets: [
    {
      title: 'Agents and standbys',
      unit: 'count',
      series: [
        ours('AgentsOnline', 'Average', 'agents online'),
        ours('AgentsOffline', 'Average', 'agents offline'),
        ours('StandbysReady', 'Average', 'standbys ready'),
      ],
    },
    {
      title: 'Interruptions and failovers',
      unit: 'count',
      series: [ours('Interruptions', 'Sum', 'interruptions'), ours('Failovers', 'Sum', 'failovers completed')],
    },
    {
      title: 'Failover time',
      unit: 'ms',
      series: [ours('FailoverTime', 'p50', 'p50'), ours('FailoverTime', 'p99', 'p99')],
      limit: { value: 120_000, label: "EC2's notice" },
    },
    { title: 'Interruptions by pool', unit: 'count', ranks: { ours: 'Interruptions', by: 'pool' } },
    {
      title: 'Moves',
      unit: 'count',
      series: [ours('MovesWanted', 'Sum', 'wanted'), ours('MovesAllowed', 'Sum', 'allowed')],
    },
    {
      title: 'Moves refused, by gate',
      unit: 'count',
      isStacked: true,
      series: [{ label: 'refused', statistic: 'Sum', metric: { ours: 'MovesRefused', by: 'gate' } }],
    },
    {
      title: 'Savings of the day before',
      unit: 'USD',
      series: [ours('SavingsYesterday', 'Maximum', 'saved')],
    },
    {
      title: 'Notifications that wait for their receiver',
      unit: 'count',
      series: [ours('UndeliveredNotifications', 'Maximum', 'undelivered')],
    },
  ],
};

const platform: Dashboard = {
  name: 'platform',
  title: 'Platform',
  about:
    'Whether the control plane answers, decides in time and gives nothing up. docs/runbook.md says what to do where not.',
  widgets: [
    {
      title: 'Requests',
      unit: 'count',
      series: [
        aws('api', 'Count', 'Sum', 'all'),
        aws('api', '4xx', 'Sum', 'refused (4xx)'),
        aws('api', '5xx', 'Sum', 'failed (5xx)'),
      ],
    },
    {
      title: 'Latency of requests',
      unit: 'ms',
      series: [aws('api', 'Latency', 'p50', 'p50'), aws('api', 'Latency', 'p99', 'p99')],
    },
    { title: 'Duration of functions, p99', unit: 'ms', series: eachFunction('Duration', 'p99') },
    { title: 'Errors of functions', unit: 'count', series: eachFunction('Errors', 'Sum') },
    { title: 'Throttles of functions', unit: 'count', series: eachFunction('Throttles', 'Sum') },
    {
      title: 'Data API calls',
      unit: 'count',
      series: [ours('DataApiCalls', 'Sum', 'calls'), ours('DataApiRepeats', 'Sum', 'of them repeats')],
    },
    {
      title: 'Database capacity',
      unit: 'ACU',
      series: [
        aws('database', 'ServerlessDatabaseCapacity', 'Average', 'mean'),
        aws('database', 'ServerlessDatabaseCapacity', 'Maximum', 'most'),
      ],
    },
    {
      title: 'Use of the capacity allowed',
      unit: '%',
      series: [aws('database', 'ACUUtilization', 'Maximum', 'of maxAcu')],
      limit: { value: 95, label: 'alarm DatabaseAtItsLimit' },
    },
    {
      title: "Age of the oldest of EC2's events",
      unit: 's',
      series: [aws('events', 'ApproximateAgeOfOldestMessage', 'Maximum', 'age')],
      limit: { value: 60, label: 'alarm LateNotices' },
    },
    {
      title: 'From notice to decision',
      unit: 'ms',
      series: [ours('NoticeToDecision', 'p50', 'p50'), ours('NoticeToDecision', 'p99', 'p99')],
    },
    {
      title: 'Lag of jobs',
      unit: 'ms',
      series: [ours('JobLag', 'p50', 'p50'), ours('JobLag', 'Maximum', 'most')],
    },
    {
      title: 'Jobs that failed, events handed back',
      unit: 'count',
      series: [
        ours('JobFailures', 'Sum', 'runs of jobs that failed'),
        ours('EventsHandedBack', 'Sum', 'events handed back'),
      ],
    },
    {
      title: 'Given up',
      unit: 'count',
      series: [
        aws('lostEvents', 'ApproximateNumberOfMessagesVisible', 'Maximum', "EC2's events"),
        aws('lostJobs', 'ApproximateNumberOfMessagesVisible', 'Maximum', 'runs of jobs'),
      ],
    },
  ],
};

const cost: Dashboard = {
  name: 'cost',
  title: 'Cost',
  about: 'What tenants pay and save, and what makes up our own bill, largest part first (docs/cost.md).',
  widgets: [
    {
      title: 'All tenants, this month',
      unit: 'USD',
      series: [ours('CostThisMonth', 'Maximum', 'paid'), ours('SavingsThisMonth', 'Maximum', 'saved')],
    },
    { title: 'API requests: 1.00 USD a million', unit: 'count', series: [aws('api', 'Count', 'Sum', 'requests')] },
    {
      title: 'Data API calls: 0.35 USD a million',
      unit: 'count',
      series: [ours('DataApiCalls', 'Sum', 'calls')],
    },
    {
      title: 'Invocations: 0.20 USD a million',
      unit: 'count',
      isStacked: true,
      series: eachFunction('Invocations', 'Sum'),
    },
    {
      title: 'Database capacity: 0.12 USD an ACU and hour',
      unit: 'ACU',
      series: [aws('database', 'ServerlessDatabaseCapacity', 'Average', 'mean')],
    },
  ],
};

/** The operators' dashboards, from which the CloudWatch dashboards (dashboards.ts) and a local run's page are made. */
export const dashboards: readonly Dashboard[] = [fleet, platform, cost];
