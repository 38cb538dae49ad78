import { CfnOutput, CfnParameter, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Api } from './api.ts';
import type { Bundles } from './app-function.ts';
import type { Config } from './config.ts';
import { Database } from './database.ts';
import { DeletionProtection } from './deletion-protection.ts';
import { Jobs } from './jobs.ts';
import { Migration } from './migration.ts';
import { Models } from './models.ts';
import { Alarms } from './observability/alarms.ts';
import { Dashboards } from './observability/dashboards.ts';
import { boundProviderLogs } from './provider-logs.ts';
import { SpotEvents } from './spot-events.ts';
import { Tokens } from './tokens.ts';

export interface SpotOptimizerProps extends StackProps {
  readonly bundles: Bundles;
  readonly config: Config;
}

/** The whole system. Agents' requests, EC2's events and scheduled jobs each invoke Lambdas that share one database. */
export class SpotOptimizer extends Stack {
  constructor(scope: Construct, id: string, props: SpotOptimizerProps) {
    super(scope, id, props);
    const { bundles, config } = props;
    const common = { bundles, config };

    const adminTokenSha256 = new CfnParameter(this, 'AdminTokenSha256', {
      noEcho: true,
      allowedPattern: '^[0-9a-f]{64}(,[0-9a-f]{64})*$',
      constraintDescription: 'must be 64 lower-case hexadecimal digits; several, separated by commas, during a change',
      description:
        "SHA-256 of the operator's credential. Make one with `openssl rand -hex 32`, keep it, and give the output of `printf %s <credential> | sha256sum`.",
    });

    const database = new Database(this, 'Database', config);
    const tokens = new Tokens(this, 'Tokens');
    const models = new Models(this, 'Models', { bundles });
    const api = new Api(this, 'Api', {
      ...common,
      database,
      tokens,
      models,
      adminTokenSha256: adminTokenSha256.valueAsString,
    });
    const jobs = new Jobs(this, 'Jobs', { ...common, database, tokens, models });
    const spotEvents = new SpotEvents(this, 'SpotEvents', { ...common, database });
    // New code runs only after its migration. Until then the old code runs on the new tables, so a migration may add,
    // but may remove only what no deployed version still reads.
    const migration = new Migration(this, 'Migration', { ...common, database });
    migration.runBefore(api, jobs, spotEvents);
    const alarms = new Alarms(this, 'Alarms', {
      api: api.http,
      authorizer: api.authorizer,
      database: database.cluster,
      migrate: migration.fn,
      spotEvents: spotEvents.fn,
      events: spotEvents.queue,
      jobs: config.areJobsOn ? jobs.minutely : undefined,
      lostJobs: jobs.lost,
      jobLogs: jobs.logs,
      apiLogs: api.logs,
      lostEvents: spotEvents.lost,
      email: config.alarmEmail,
    });

    if (config.isMeasured)
      new Dashboards(this, 'Dashboards', {
        api: api.http,
        database: database.cluster,
        events: spotEvents.queue,
        lostEvents: spotEvents.lost,
        lostJobs: jobs.lost,
        measureLog: jobs.minutely.logGroup,
      });

    if (config.database.isProtected)
      new DeletionProtection(this, 'DeletionProtection', { config, database, after: [migration, api, jobs] });
    boundProviderLogs(this, config.logs.retention);

    new CfnOutput(this, 'ApiUrl', { value: api.url, description: 'SERVER_URL of the agents' });
    new CfnOutput(this, 'EventBusArn', { value: spotEvents.busArn, description: "Target of the tenants' EC2 events" });
    new CfnOutput(this, 'AlarmTopicArn', {
      value: alarms.topicArn,
      description: 'Subscribe an address to hear alarms',
    });
  }
}
