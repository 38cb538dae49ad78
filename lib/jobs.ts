import { Duration } from 'aws-cdk-lib';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Job, jobs } from '../functions/jobs.ts';
import { AppFunction, type Bundles } from './app-function.ts';
import type { Database } from './database.ts';

export interface JobsProps {
  readonly bundles: Bundles;
  readonly database: Database;
}

/** The schedules of `functions/jobs.ts`, all of which call one Lambda and tell it which job is due. */
export class Jobs extends Construct {
  constructor(scope: Construct, id: string, { bundles, database }: JobsProps) {
    super(scope, id);
    // A job reads the whole state and states the wanted one, so the next run makes up for a lost one: few repetitions, soon.
    const retry = { retryAttempts: 1, maxEventAge: Duration.minutes(5) };
    const lost = new Queue(this, 'Lost', { retentionPeriod: Duration.days(14), enforceSSL: true });
    const fn = new AppFunction(this, 'jobs', {
      bundles,
      timeout: Duration.minutes(2),
      // The Scheduler hands an event over and leaves, so a run that fails is Lambda's to repeat and to report.
      ...retry,
      onFailure: new SqsDestination(lost),
    });
    database.connect(fn);

    for (const [name, job] of Object.entries<Job>(jobs)) {
      new Schedule(this, name, {
        description: job.summary,
        schedule: ScheduleExpression.expression(job.every),
        target: new LambdaInvoke(fn, {
          input: ScheduleTargetInput.fromObject({ job: name, time: ContextAttribute.scheduledTime }),
          deadLetterQueue: lost, // of what could not even be handed over
          ...retry,
        }),
      });
    }
  }
}
