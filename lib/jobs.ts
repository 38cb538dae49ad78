import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Job, type JobLambda, jobs } from '../functions/jobs.ts';
import { priceListRegion } from '../functions/lambdas.ts';
import { AppFunction, type Bundles } from './app-function.ts';
import type { Config } from './config.ts';
import type { Database } from './database.ts';
import type { Models } from './models.ts';
import type { Tokens } from './tokens.ts';
import { grantSending } from './webhooks.ts';

export interface JobsProps {
  readonly bundles: Bundles;
  readonly config: Config;
  readonly database: Database;
  readonly tokens: Tokens;
  readonly models: Models;
}

/** The schedules of `functions/jobs.ts`. Each invokes its Lambda with the name of the job that is due. */
export class Jobs extends Construct {
  /** Dead-letter queue of runs that failed or could not be delivered. */
  readonly lost: Queue;
  /** The logs of the Lambdas that run jobs. */
  readonly logs: readonly ILogGroup[];
  /** The Lambda that runs the jobs due each minute. */
  readonly minutely: LambdaFunction;

  constructor(scope: Construct, id: string, { bundles, config, database, tokens, models }: JobsProps) {
    super(scope, id);
    // The next run makes up for a lost one, because a job always works from the full state. So retry once, and soon.
    const retry = { retryAttempts: 1, maxEventAge: Duration.minutes(5) };
    this.lost = new Queue(this, 'Lost', {
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    const lambda = (name: JobLambda, environment?: Record<string, string>) => {
      const fn = new AppFunction(this, name, {
        bundles,
        config,
        environment,
        // The Scheduler invokes asynchronously, so Lambda has to retry and report a run that fails.
        ...retry,
        onFailure: new SqsDestination(this.lost),
      });
      database.connect(fn);
      return fn;
    };
    const lambdas: Readonly<Record<JobLambda, LambdaFunction>> = {
      jobs: lambda('jobs'),
      reconciler: lambda('reconciler', { PLACEMENT_SCORES_A_DAY: String(config.placementScoresADay) }),
      delivery: lambda('delivery'),
    };
    this.minutely = lambdas.jobs;
    this.logs = Object.values(lambdas).map(({ logGroup }) => logGroup);
    lambdas.reconciler.addToRolePolicy(this.lookIntoTenantsAccounts());
    lambdas.reconciler.addToRolePolicy(readMarket(config));
    lambdas.reconciler.addToRolePolicy(readPriceList);
    grantSending(lambdas.delivery, tokens);
    models.use(lambdas.jobs);

    for (const [name, job] of Object.entries<Job>(jobs)) {
      new Schedule(this, name, {
        description: job.summary,
        enabled: config.areJobsOn,
        schedule: ScheduleExpression.expression(job.every),
        target: new LambdaInvoke(lambdas[job.runsIn], {
          input: ScheduleTargetInput.fromObject({ job: name, time: ContextAttribute.scheduledTime }),
          deadLetterQueue: this.lost,
          ...retry,
        }),
      });
    }
  }

  /** Allows tenants' roles by their required name (functions/admin/routes-clients.ts); their trust policies decide. */
  private lookIntoTenantsAccounts(): PolicyStatement {
    const { partition } = Stack.of(this);
    return new PolicyStatement({
      actions: ['sts:AssumeRole'],
      resources: ['SpotOptimizer*', '*/SpotOptimizer*'].map((role) => `arn:${partition}:iam::*:role/${role}`),
    });
  }
}

/** Calls for prices and offerings have no resource, and return the same for every account. */
const readMarket = ({ tenantRegions, placementScoresADay }: Config) =>
  new PolicyStatement({
    actions: [
      'ec2:DescribeSpotPriceHistory',
      'ec2:DescribeInstanceTypeOfferings',
      ...(placementScoresADay > 0 ? ['ec2:DescribeAvailabilityZones', 'ec2:GetSpotPlacementScores'] : []),
    ],
    resources: ['*'],
    conditions: tenantRegions.length > 0 ? { StringEquals: { 'aws:RequestedRegion': tenantRegions } } : undefined,
  });

/** One region serves the price list of all regions. */
const readPriceList = new PolicyStatement({
  actions: ['pricing:GetProducts'],
  resources: ['*'],
  conditions: { StringEquals: { 'aws:RequestedRegion': priceListRegion } },
});
