import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import {
  AuroraMysqlEngineVersion,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
} from 'aws-cdk-lib/aws-rds';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { lockWaitSeconds } from '../functions/lambdas.ts';
import type { Config } from './config.ts';

const name = 'spot_optimizer';

/** Pins the engine to its long-term version: it changes by deployment, not in a maintenance window. */
const pinned = { autoMinorVersionUpgrade: false };

/**
 * Aurora MySQL behind the Data API. Functions reach it over HTTPS, so they run outside any VPC. The VPC here has no
 * internet or NAT gateway, so nothing can open a connection to the database.
 */
export class Database extends Construct {
  readonly cluster: DatabaseCluster;
  /** Of the user that may read and write rows but not alter tables; the migration creates that user (docs/adr/0053). */
  readonly appSecret: Secret;

  constructor(scope: Construct, id: string, config: Config) {
    super(scope, id);
    const { minAcu, maxAcu, hasReader, isProtected, backupDays } = config.database;
    const vpc = new Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'database', subnetType: SubnetType.PRIVATE_ISOLATED }],
    });
    this.cluster = new DatabaseCluster(this, 'Cluster', {
      engine: DatabaseClusterEngine.auroraMysql({ version: AuroraMysqlEngineVersion.VER_3_10_4 }),
      vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      // One instance is often enough: Aurora replaces a failed one within minutes, and the storage, in three zones,
      // survives it. Agents retry their requests and keep running without us.
      writer: ClusterInstance.serverlessV2('Writer', pinned),
      readers: hasReader ? [ClusterInstance.serverlessV2('Reader', { ...pinned, scaleWithWriter: true })] : [],
      serverlessV2MinCapacity: minAcu,
      serverlessV2MaxCapacity: maxAcu,
      serverlessV2AutoPauseDuration: minAcu === 0 ? Duration.minutes(5) : undefined,
      cloudwatchLogsExports: ['error', 'slowquery'],
      cloudwatchLogsRetention: config.logs.retention,
      enableDataApi: true,
      defaultDatabaseName: name,
      // RDS creates the password and rotates it every week; a rotation function of our own would need a VPC.
      credentials: Credentials.fromUsername(name),
      manageMasterUserPassword: true,
      parameters: {
        // The same as locally (local/database/run/server-flags.ts): by default, RDS would truncate text that is too
        // long.
        sql_mode:
          'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
        character_set_server: 'utf8mb4',
        innodb_lock_wait_timeout: String(lockWaitSeconds),
        slow_query_log: '1',
        long_query_time: '1',
      },
      storageEncrypted: true,
      backup: { retention: Duration.days(backupDays) },
      copyTagsToSnapshot: true,
      removalPolicy: isProtected ? RemovalPolicy.SNAPSHOT : RemovalPolicy.DESTROY,
    });
    this.appSecret = new Secret(this, 'AppSecret', {
      description: 'The user by which the functions of Spot Optimizer come into the database',
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username: 'app' }),
        generateStringKey: 'password',
        passwordLength: 40,
        excludePunctuation: true, // it becomes part of a statement (functions/migrate/app-user.ts)
      },
    });
  }

  /** Lets a function read and write rows, and sets the environment variables that point to the database. */
  connect(fn: LambdaFunction): void {
    this.admit(fn, this.appSecret);
  }

  /** Lets a function also change tables and users. It receives the application's secret ARN, as all others do. */
  connectAsMaster(fn: LambdaFunction): void {
    const master = this.cluster.secret!;
    this.admit(fn, master);
    fn.addEnvironment('DATABASE_MASTER_SECRET_ARN', master.secretArn);
  }

  /** The Data API reads the secret with the caller's permissions, so the secret decides what a function may do. */
  private admit(fn: LambdaFunction, secret: ISecret): void {
    fn.addToRolePolicy(new PolicyStatement({ actions: dataApiActions, resources: [this.cluster.clusterArn] }));
    fn.addToRolePolicy(
      new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secret.secretArn] }),
    );
    fn.addEnvironment('DATABASE_ARN', this.cluster.clusterArn);
    fn.addEnvironment('DATABASE_SECRET_ARN', this.appSecret.secretArn);
    fn.addEnvironment('DATABASE_NAME', name);
  }
}

const dataApiActions = [
  'rds-data:BatchExecuteStatement',
  'rds-data:BeginTransaction',
  'rds-data:CommitTransaction',
  'rds-data:ExecuteStatement',
  'rds-data:RollbackTransaction',
];
