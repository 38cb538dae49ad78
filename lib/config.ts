import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { LambdaName } from '../functions/lambdas.ts';

/** The settings that may differ between deployments. Everything else is the same everywhere. */
export interface Config {
  readonly database: {
    /** Aurora capacity units; one is about 2 GiB and 500 statements per second. At 0 the cluster pauses when idle. */
    readonly minAcu: number;
    readonly maxAcu: number;
    /** A second instance takes over within a minute if the writer fails; it costs as much as the writer. */
    readonly hasReader: boolean;
    /** Whether CloudFormation and the AWS console refuse to delete the database. */
    readonly isProtected: boolean;
    readonly backupDays: number;
  };
  readonly logs: {
    readonly retention: RetentionDays;
    /** Share of the successful requests that are logged; every failed one is. */
    readonly successShare: number;
    /** Whether API Gateway logs requests. It cannot sample: 1,700 requests per second cost about 440 USD a month. */
    readonly access: boolean;
  };
  /**
   * Whether the schedules are enabled. With jobs each minute, the database never pauses. Without them, the deployment
   * reads no prices, makes no decisions and does not notice agents that are gone.
   */
  readonly areJobsOn: boolean;
  /**
   * Concurrency reserved for these functions, whatever the agents' requests use. A new account has 10 in total and must
   * leave 100 unreserved, so set this only once the account's quota is raised (docs/overview.md).
   */
  readonly reservedConcurrency: Partial<Record<LambdaName, number>>;
  /** Regions of the tenants' instances, in which prices are read. Empty means all regions. */
  readonly tenantRegions: readonly string[];
  /**
   * How many pairs of type and region get a placement score per day (`GetSpotPlacementScores`); 0 for none. Each counts
   * against an account quota that AWS does not publish; throttled requests are retried later.
   */
  readonly placementScoresADay: number;
  /** Whether functions emit metrics and dashboards show them: about 20 USD a month (docs/cost.md). */
  readonly isMeasured: boolean;
  /** Receives alarms once it confirms the subscription mail from SNS. More addresses may subscribe to the topic. */
  readonly alarmEmail?: string;
  /** A custom domain name for the API. The certificate must be in the stack's region; you create the DNS record. */
  readonly domain?: { readonly name: string; readonly certificateArn: string };
}

/** For a real fleet. docs/cost.md says what it costs and how many agents it supports. */
export const production: Config = {
  database: { minAcu: 0.5, maxAcu: 16, hasReader: false, isProtected: true, backupDays: 14 },
  logs: { retention: RetentionDays.ONE_MONTH, successShare: 0.02, access: false },
  areJobsOn: true,
  isMeasured: true,
  reservedConcurrency: {},
  tenantRegions: [],
  placementScoresADay: 0,
};

/** For trying a change: the database pauses when idle, and deleting the stack leaves nothing behind. */
export const development: Config = {
  database: { minAcu: 0, maxAcu: 2, hasReader: false, isProtected: false, backupDays: 1 },
  logs: { retention: RetentionDays.ONE_WEEK, successShare: 1, access: true },
  areJobsOn: false,
  isMeasured: false,
  reservedConcurrency: {},
  tenantRegions: [],
  placementScoresADay: 0,
};
