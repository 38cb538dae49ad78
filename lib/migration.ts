import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { CfnRotationSchedule } from 'aws-cdk-lib/aws-secretsmanager';
import { Trigger } from 'aws-cdk-lib/triggers';
import { Construct } from 'constructs';
import { lambdas } from '../functions/lambdas.ts';
import { AppFunction, type Bundles } from './app-function.ts';
import type { Config } from './config.ts';
import type { Database } from './database.ts';

export interface MigrationProps {
  readonly bundles: Bundles;
  readonly config: Config;
  readonly database: Database;
}

/**
 * Brings the tables up to date in each deployment that changes them, and makes the user that all other functions come in by; a
 * migration that fails rolls the deployment back. The same function changes that user's password every month.
 */
export class Migration extends Construct {
  readonly fn: AppFunction;
  private readonly trigger: Trigger;

  constructor(scope: Construct, id: string, { bundles, config, database }: MigrationProps) {
    super(scope, id);
    this.fn = new AppFunction(this, 'migrate', { bundles, config });
    const timeout = Duration.seconds(lambdas.migrate.timeoutSeconds);
    database.connectAsMaster(this.fn);
    this.rotate(database);
    this.trigger = new Trigger(this, 'Trigger', { handler: this.fn, timeout, executeAfter: [database] });
  }

  /** Holds back everything in the given constructs until the tables are up to date. */
  runBefore(...constructs: Construct[]): void {
    this.trigger.executeBefore(...constructs);
  }

  /**
   * Not CDK's hosted rotation: it would connect to the database by a network, which there is none of (docs/adr/0053).
   */
  private rotate({ appSecret }: Database): void {
    const resources = [appSecret.secretArn];
    this.fn.addToRolePolicy(new PolicyStatement({ actions: rotationActions, resources }));
    // Not `addPermission`: it warns of the version that the trigger calls, which is not called here.
    const mayCall = new CfnPermission(this, 'MayRotate', {
      action: 'lambda:InvokeFunction',
      functionName: this.fn.functionArn,
      principal: 'secretsmanager.amazonaws.com',
      sourceArn: appSecret.secretArn,
    });
    const schedule = new CfnRotationSchedule(this, 'Rotation', {
      secretId: appSecret.secretArn,
      rotationLambdaArn: this.fn.functionArn,
      rotationRules: { scheduleExpression: 'rate(30 days)' },
      // The first one would meet the migration that makes the user.
      rotateImmediatelyOnUpdate: false,
    });
    schedule.node.addDependency(this.fn, mayCall); // Secrets Manager tries whether it may call it
  }
}

const rotationActions = [
  'secretsmanager:DescribeSecret',
  'secretsmanager:GetSecretValue',
  'secretsmanager:PutSecretValue',
  'secretsmanager:UpdateSecretVersionStage',
];
