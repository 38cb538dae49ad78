import { type Metric, metrics } from '../functions/metrics.ts';
import { parseSchedule } from '../local/aws/schedule.ts';
import { hoursAMonth } from './usage.ts';

/** What determines the cost of a stack, read from its template. */
export interface Deployment {
  /** Memory of each of our functions, by function name. */
  readonly memoryGB: Readonly<Record<string, number>>;
  /** Scheduled runs per month, by Lambda; empty if the schedules are off. */
  readonly jobRuns: Readonly<Record<string, number>>;
  readonly authorizerCacheSeconds: number;
  /** The gateway's throttle, requests per second. */
  readonly throttle: number;
  readonly minAcu: number;
  readonly maxAcu: number;
  /** Database instances in the cluster; a reader costs as much as the writer. */
  readonly instances: number;
  /** Share of the requests that write a log line. */
  readonly successShare: number;
  readonly hasAccessLog: boolean;
  readonly alarmMetrics: number;
  readonly customMetrics: number;
  readonly dashboards: number;
  readonly secrets: number;
  readonly keys: number;
  /** Queues that a function polls. */
  readonly polledQueues: number;
}

interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's properties, of any resource.
  readonly Properties?: any;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}

/** @throws Error when the template has no such resource */
export function deploymentOf({ Resources }: Template): Deployment {
  const all = (type: string) =>
    Object.entries(Resources).flatMap(([id, { Type, Properties }]) =>
      Type === `AWS::${type}` ? [{ id, ...Properties }] : [],
    );
  const one = (type: string) => {
    const [found] = all(type);
    if (!found) throw new Error(`the template has no AWS::${type}`);
    return found;
  };
  // CDK's own functions run only during deployments. They lack the name that we give ours.
  const functions = all('Lambda::Function').flatMap((fn) => {
    const name = fn.Environment?.Variables?.POWERTOOLS_SERVICE_NAME as string | undefined;
    return name ? [{ ...fn, name }] : [];
  });
  const jobRuns: Record<string, number> = {};
  for (const { State, ScheduleExpression, Target } of all('Scheduler::Schedule')) {
    if (State === 'DISABLED') continue;
    const { name } = functions.find(({ id }) => id === Target.Arn['Fn::GetAtt'][0])!;
    jobRuns[name] = (jobRuns[name] ?? 0) + runsAMonth(ScheduleExpression);
  }
  const cluster = one('RDS::DBCluster');
  const stage = one('ApiGatewayV2::Stage');
  const isMeasured = functions[0]!.Environment.Variables.POWERTOOLS_METRICS_DISABLED === 'false';
  const { MinCapacity, MaxCapacity } = cluster.ServerlessV2ScalingConfiguration;
  return {
    memoryGB: Object.fromEntries(functions.map(({ name, MemorySize }) => [name, MemorySize / 1024])),
    jobRuns,
    authorizerCacheSeconds: one('ApiGatewayV2::Authorizer').AuthorizerResultTtlInSeconds,
    throttle: stage.DefaultRouteSettings.ThrottlingRateLimit,
    minAcu: MinCapacity,
    maxAcu: MaxCapacity,
    instances: all('RDS::DBInstance').length,
    successShare: Number(functions[0]!.Environment.Variables.LOG_SUCCESS_SHARE),
    hasAccessLog: stage.AccessLogSettings !== undefined,
    alarmMetrics: all('CloudWatch::Alarm').reduce((sum, { Metrics }) => sum + measuredIn(Metrics), 0),
    customMetrics:
      new Set(all('Logs::MetricFilter').map((filter) => filter.MetricTransformations[0].MetricName)).size +
      (isMeasured ? emitted : 0),
    dashboards: all('CloudWatch::Dashboard').length,
    // RDS creates the master user's secret itself.
    secrets: all('SecretsManager::Secret').length + (cluster.ManageMasterUserPassword ? 1 : 0),
    keys: all('KMS::Key').length,
    polledQueues: all('Lambda::EventSourceMapping').length,
  };
}

/** Gates in functions/core/decision/gates.ts, rounded up. CloudWatch bills a metric for each one closed in a month. */
const valuesOfADimension = 20;

/** How many metrics our functions emit. */
const emitted = Object.values<Metric>(metrics).reduce(
  (sum, { dimension }) => sum + (dimension ? valuesOfADimension : 1),
  0,
);

/** Metrics that an alarm watches; an expression over them does not count. */
const measuredIn = (metrics: readonly { MetricStat?: unknown }[] | undefined) =>
  metrics ? metrics.filter(({ MetricStat }) => MetricStat).length : 1;

/** Runs per month, extrapolated from counting four days minute by minute. */
export function runsAMonth(expression: string): number {
  const minutes = 4 * 24 * 60;
  const begin = Date.parse('2026-03-02T00:00:00Z');
  const due = parseSchedule(expression);
  const at = (minute: number) => new Date(begin + minute * 60_000);
  const runs = Array.from({ length: minutes }, (_, minute) => due(at(minute), at(minute + 1))).filter(Boolean).length;
  return (runs * hoursAMonth * 60) / minutes;
}
