import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { LambdaName } from '../functions/lambdas.ts';

/** What may differ between two deployments of the same code. Everything else is the same everywhere. */
export interface Config {
  readonly database: {
    /** Aurora capacity units, of about 2 GiB and 500 statements a second each. At 0 the cluster sleeps when nothing calls it. */
    readonly minAcu: number;
    readonly maxAcu: number;
    /** A second instance takes over within a minute where the writer fails; it costs as much as the writer. */
    readonly hasReader: boolean;
    /** Whether CloudFormation and the console refuse to delete it. */
    readonly isProtected: boolean;
    readonly backupDays: number;
  };
  readonly logs: {
    readonly retention: RetentionDays;
    /** Share of the requests that succeed, of which a line is logged; of those that fail every one is. */
    readonly successShare: number;
    /** Whether API Gateway logs each request. It cannot sample: at 1,700 requests a second that is some 440 USD a month. */
    readonly access: boolean;
  };
  /**
   * Whether the schedules fire. A deployment whose jobs run each minute never sleeps; one whose jobs do not run learns no
   * prices, decides nothing and notices no agent that is gone.
   */
  readonly areJobsOn: boolean;
  /**
   * Executions that the account keeps for these functions, however many the agents' calls take. A new account has 10 in all and
   * must leave 100 free, so they are asked for once the account's quota is raised (docs/overview.md).
   */
  readonly reservedConcurrency: Partial<Record<LambdaName, number>>;
  /** Regions of the tenants' instances, in which prices are read; all of them when empty. */
  readonly tenantRegions: readonly string[];
  /**
   * How many types in regions EC2 is asked to score in a day (`GetSpotPlacementScores`), 0 for none. Each counts against a quota of the
   * account that AWS does not publish; what it refuses is asked for later.
   */
  readonly placementScoresADay: number;
  /** Whether functions emit metrics and there are dashboards of them: some 20 USD a month (docs/cost.md). */
  readonly isMeasured: boolean;
  /** Hears alarms, after a click in the mail that SNS sends it. More may be subscribed to the topic. */
  readonly alarmEmail?: string;
  /** A name of your own for the API. The certificate is in the stack's region; the name's DNS record is yours to make. */
  readonly domain?: { readonly name: string; readonly certificateArn: string };
}

/** What a team runs its fleet on: docs/cost.md says what it costs, and for how many agents it is enough. */
export const production: Config = {
  database: { minAcu: 0.5, maxAcu: 16, hasReader: false, isProtected: true, backupDays: 14 },
  logs: { retention: RetentionDays.ONE_MONTH, successShare: 0.02, access: false },
  areJobsOn: true,
  isMeasured: true,
  reservedConcurrency: {},
  tenantRegions: [],
  placementScoresADay: 0,
};

/** To try a change on: asleep when nobody calls, and gone without a trace when the stack is deleted. */
export const development: Config = {
  database: { minAcu: 0, maxAcu: 2, hasReader: false, isProtected: false, backupDays: 1 },
  logs: { retention: RetentionDays.ONE_WEEK, successShare: 1, access: true },
  areJobsOn: false,
  isMeasured: false,
  reservedConcurrency: {},
  tenantRegions: [],
  placementScoresADay: 0,
};
