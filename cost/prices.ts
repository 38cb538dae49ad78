/**
 * What AWS asks, in USD, in us-east-1, without taxes, discounts and free tiers. Read on the date below from AWS's pricing pages or,
 * where `not re-checked` stands, remembered: look those up before a figure is quoted to anybody.
 */
export const pricesOf = '2026-11-29';

/** Prices that fall with the quantity of a month: each one up to so many units. */
export type Tiers = readonly { readonly upTo: number; readonly usd: number }[];

const million = 1_000_000;
const rest = Number.POSITIVE_INFINITY;

export const prices = {
  /** A request of at most 512 KB. The second tier is not re-checked. */
  httpApiRequests: [
    { upTo: 300 * million, usd: 1.0 / million },
    { upTo: rest, usd: 0.9 / million },
  ],
  lambdaRequest: 0.2 / million,
  /** ARM, the first tier; the second begins at 7.5 bn GB-s. */
  lambdaGBSecond: 0.0000133334,
  /** The same on x86. Not re-checked. */
  lambdaGBSecondOnX86: 0.0000166667,
  /** A call of at most 32 KB. Not re-checked. */
  dataApiCalls: [
    { upTo: 1000 * million, usd: 0.35 / million },
    { upTo: rest, usd: 0.2 / million },
  ],
  acuHour: 0.12,
  /** Of a cluster with I/O-Optimized, whose I/O is free. Not re-checked. */
  acuHourIoOptimized: 0.156,
  /** Aurora Standard. Not re-checked. */
  databaseGBMonth: 0.1,
  /** Not re-checked. */
  databaseIo: 0.2 / million,
  logGB: 0.5,
  metricMonth: 0.3,
  /** Of each dashboard; an account's first three are free, which is not counted here. Not re-checked. */
  dashboardMonth: 3,
  /** For each metric that an alarm looks at. Not re-checked. */
  alarmMetricMonth: 0.1,
  /** EventBridge, an event on a bus of one's own. Not re-checked. */
  event: 1.0 / million,
  /** The Scheduler, after 14 million that are free. Not re-checked. */
  scheduledInvocation: 1.0 / million,
  /** Not re-checked. */
  sqsRequest: 0.4 / million,
  /** Not re-checked, as the next two. */
  secretMonth: 0.4,
  kmsKeyMonth: 1.0,
  s3GBMonth: 0.023,
  /** To the internet: agents in other accounts call a public endpoint. Not re-checked. */
  transferGB: [
    { upTo: 10_240, usd: 0.09 },
    { upTo: 51_200, usd: 0.085 },
    { upTo: 153_600, usd: 0.07 },
    { upTo: rest, usd: 0.05 },
  ],
  /** An Application Load Balancer, and the unit by which its traffic is counted; only a lever asks. Not re-checked. */
  balancerHour: 0.0225,
  balancerUnitHour: 0.008,
  /** Taken off Lambda's time by a Compute Savings Plan of a year. Not re-checked. */
  savingsPlanShare: 0.12,
} as const satisfies Record<string, number | Tiers>;

export type Prices = { readonly [K in keyof typeof prices]: (typeof prices)[K] extends number ? number : Tiers };
