import { Duration } from 'aws-cdk-lib';
import { Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface AlarmsProps {
  /** The runs of jobs that failed. */
  readonly lostJobs: Queue;
  /** EC2's events that were given up. */
  readonly lostEvents: Queue;
}

/** What the operator has to hear of, on a topic to subscribe to: as yet, that something was given up. */
export class Alarms extends Construct {
  private readonly topic: Topic;

  constructor(scope: Construct, id: string, { lostJobs, lostEvents }: AlarmsProps) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { displayName: 'Spot Optimizer', enforceSSL: true });
    this.whenNotEmpty(
      'LostJobs',
      lostJobs,
      'A run of a job failed twice. The next one makes up for it; job_runs says which fail, and the log of their Lambda why.',
    );
    this.whenNotEmpty(
      'LostEvents',
      lostEvents,
      "EC2's events were given up. Once the database answers, send them back from the dead-letter queue (docs/overview.md).",
    );
  }

  /** To which the operator subscribes an address. */
  get topicArn(): string {
    return this.topic.topicArn;
  }

  private whenNotEmpty(name: string, queue: Queue, alarmDescription: string): void {
    const metric = queue.metricApproximateNumberOfMessagesVisible({
      statistic: 'Maximum',
      period: Duration.minutes(5),
    });
    const alarm = new Alarm(this, name, {
      alarmDescription,
      metric,
      threshold: 1,
      evaluationPeriods: 1,
      // SQS stops counting a queue that has been empty for hours.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
  }
}
