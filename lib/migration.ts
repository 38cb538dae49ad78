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
 * Migrates the tables in each deployment that changes them, and creates the database user of all other functions. A
 * failed migration rolls the deployment back. The same function rotates that user's password every month.
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

  /** Deploys the given constructs only after the migration. */
  runBefore(...constructs: Construct[]): void {
    this.trigger.executeBefore(...constructs);
  }

  /**
   * CDK's hosted rotation is not used: it needs a network connection to the database, and there is none
   * (docs/adr/0053).
   */
  private rotate({ appSecret }: Database): void {
    const resources = [appSecret.secretArn];
    this.fn.addToRolePolicy(new PolicyStatement({ actions: rotationActions, resources }));
    // `addPermission` is not used: it warns about the version that the trigger invokes, which does not matter here.
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
      // An immediate rotation would collide with the migration that creates the user.
      rotateImmediatelyOnUpdate: false,
    });
    schedule.node.addDependency(this.fn, mayCall); // Secrets Manager checks that it may invoke the function
  }
}

const rotationActions = [
  'secretsmanager:DescribeSecret',
  'secretsmanager:GetSecretValue',
  'secretsmanager:PutSecretValue',
  'secretsmanager:UpdateSecretVersionStage',
];
