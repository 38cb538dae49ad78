import { Aws, Duration, Stack } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Alarm, ComparisonOperator, type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { DatabaseCluster } from 'aws-cdk-lib/aws-rds';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  abandonedRun,
  launchCapReached,
  modelFailed,
  notificationsGivenUp,
  pricesAreStale,
} from '../../functions/shared/alarm-lines.ts';

export interface AlarmsProps {
  readonly api: HttpApi;
  readonly authorizer: LambdaFunction;
  readonly database: DatabaseCluster;
  /** Migrates the tables and rotates the password of the application's user. */
  readonly migrate: LambdaFunction;
  /** Handles EC2's events, which it reads from `events`. */
  readonly spotEvents: LambdaFunction;
  readonly events: Queue;
  /** Dead-letter queue of EC2's events. */
  readonly lostEvents: Queue;
  /** Runs the jobs due each minute; `undefined` if the schedules are off. */
  readonly jobs: LambdaFunction | undefined;
  /** Dead-letter queue of job runs. */
  readonly lostJobs: Queue;
  /** Logs of the Lambdas that run jobs. */
  readonly jobLogs: readonly ILogGroup[];
  /** Logs of the Lambdas of the API. */
  readonly apiLogs: readonly ILogGroup[];
  /** Receives the alarms, in addition to addresses that the operator subscribes. */
  readonly email?: string;
}

/** When a metric raises an alarm. */
interface Limit {
  readonly metric: IMetric;
  /** Raised at or above this value or, with `isTooFew`, below it. */
  readonly threshold: number;
  /** How many periods in a row; one by default. */
  readonly periods?: number;
  readonly isTooFew?: true;
}

interface Logged {
  readonly logs: readonly ILogGroup[];
  readonly line: string;
}

const period = Duration.minutes(5);

/**
 * What the operator must be told, on a topic to subscribe to. Each alarm means that a promise is broken. Its name is a
 * heading in docs/runbook.md, which says how to diagnose and fix it.
 */
export class Alarms extends Construct {
  private readonly topic: Topic;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { displayName: 'Spot Optimizer', enforceSSL: true });
    this.admitAlarms();
    if (props.email) this.topic.addSubscription(new EmailSubscription(props.email));
    this.ofNotices(props);
    this.ofJobs(props);
    this.ofTheApi(props);
    this.whenLogged('LaunchCap', { logs: [...props.apiLogs, ...props.jobLogs], line: launchCapReached });
    this.whenLogged('FailedModel', { logs: [...props.apiLogs, ...props.jobLogs], line: modelFailed });
  }

  /** The topic that the operator's addresses subscribe to. */
  get topicArn(): string {
    return this.topic.topicArn;
  }

  /** Alarms on interruption notices: an instance has two minutes from its notice. */
  private ofNotices({ spotEvents, events, lostEvents }: AlarmsProps): void {
    this.whenNotEmpty('LostEvents', lostEvents);
    // A notice for a locked agent waits 20 seconds or more; none should wait a minute.
    const age = events.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period: Duration.minutes(1) });
    this.alarm('LateNotices', { metric: age, threshold: 60, periods: 2 });
    this.alarm('ThrottledNotices', { metric: spotEvents.metricThrottles({ statistic: 'Sum', period }), threshold: 1 });
  }

  private ofJobs({ jobs, lostJobs, jobLogs }: AlarmsProps): void {
    this.whenNotEmpty('LostJobs', lostJobs);
    this.whenLogged('AbandonedJobs', { logs: jobLogs, line: abandonedRun });
    this.whenLogged('LostNotifications', { logs: jobLogs, line: notificationsGivenUp });
    if (!jobs) return;
    this.whenLogged('StalePrices', { logs: jobLogs, line: pricesAreStale });
    // At least six jobs run each minute, so five minutes without any mean that the schedules no longer fire.
    this.alarm('MissedJobs', {
      metric: jobs.metricInvocations({ statistic: 'Sum', period }),
      threshold: 1,
      isTooFew: true,
    });
  }

  private ofTheApi({ api, authorizer, database, migrate }: AlarmsProps): void {
    const share = new MathExpression({
      expression: 'IF(requests > 100, 100 * failed / requests, 0)',
      usingMetrics: {
        requests: api.metricCount({ statistic: 'Sum', period }),
        failed: api.metricServerError({ statistic: 'Sum', period }),
      },
      label: 'Failed requests, %',
      period,
    });
    this.alarm('FailedRequests', { metric: share, threshold: 1, periods: 2 });
    // While the authorizer fails, callers cannot be identified, so nobody is served.
    this.alarm('FailedAuthorizer', { metric: authorizer.metricErrors({ statistic: 'Sum', period }), threshold: 5 });
    const used = database.metric('ACUUtilization', { statistic: 'Average', period });
    this.alarm('DatabaseAtItsLimit', { metric: used, threshold: 95, periods: 3 });
    this.alarm('FailedRotation', { metric: migrate.metricErrors({ statistic: 'Sum', period }), threshold: 1 });
  }

  /**
   * A topic without a policy lets its own account publish, including CloudWatch's alarms. `enforceSSL` adds a policy,
   * and then only the principals that it names may publish.
   */
  private admitAlarms(): void {
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Alarms',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );
  }

  private whenNotEmpty(name: string, queue: Queue): void {
    // SQS stops publishing metrics for a queue that has been empty for hours; missing data do not raise the alarm.
    this.alarm(name, {
      metric: queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period }),
      threshold: 1,
    });
  }

  /** Raises an alarm if this line appears in any of the logs. */
  private whenLogged(name: string, { logs, line }: Logged): void {
    const filterPattern = FilterPattern.stringValue('$.message', '=', line);
    const metrics = logs.map((logGroup, i) =>
      new MetricFilter(this, `${name}${i}`, {
        logGroup,
        filterPattern,
        metricNamespace: Stack.of(this).stackName, // as for the functions' own metrics: each stack counts separately
        metricName: name,
        metricValue: '1',
      }).metric({ statistic: 'Sum', period }),
    );
    this.alarm(name, { metric: metrics[0]!, threshold: 1 });
  }

  private alarm(name: string, { metric, threshold, periods = 1, isTooFew }: Limit): void {
    const alarm = new Alarm(this, name, {
      alarmDescription: `docs/runbook.md, ${name}`,
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: isTooFew
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: isTooFew ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
  }
}
