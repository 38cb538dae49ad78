/**
 * AWS's prices in USD in us-east-1, without taxes, discounts and free tiers. Read from AWS's pricing pages on the date
 * below, except those marked "not re-checked", which are from memory: look these up before quoting a figure to anybody.
 */
export const pricesOf = '2026-11-29';

/** Prices that depend on the monthly quantity: each applies up to `upTo` units. */
export type Tiers = readonly { readonly upTo: number; readonly usd: number }[];

const million = 1_000_000;
const rest = Number.POSITIVE_INFINITY;

export const prices = {
  /** Per request of at most 512 KB. The second tier is not re-checked. */
  httpApiRequests: [
    { upTo: 300 * million, usd: 1.0 / million },
    { upTo: rest, usd: 0.9 / million },
  ],
  lambdaRequest: 0.2 / million,
  /** ARM, the first tier; the second begins at 7.5 bn GB-s. */
  lambdaGBSecond: 0.0000133334,
  /** The same on x86. Not re-checked. */
  lambdaGBSecondOnX86: 0.0000166667,
  /** Per call of at most 32 KB. Not re-checked. */
  dataApiCalls: [
    { upTo: 1000 * million, usd: 0.35 / million },
    { upTo: rest, usd: 0.2 / million },
  ],
  acuHour: 0.12,
  /** On an I/O-Optimized cluster, whose I/O is free. Not re-checked. */
  acuHourIoOptimized: 0.156,
  /** Aurora Standard. Not re-checked. */
  databaseGBMonth: 0.1,
  /** Not re-checked. */
  databaseIo: 0.2 / million,
  logGB: 0.5,
  metricMonth: 0.3,
  /** Per dashboard. An account's first three are free, which is ignored here. Not re-checked. */
  dashboardMonth: 3,
  /** Per metric that an alarm watches. Not re-checked. */
  alarmMetricMonth: 0.1,
  /** EventBridge, per event on a custom bus. Not re-checked. */
  event: 1.0 / million,
  /** EventBridge Scheduler, after 14 million free invocations. Not re-checked. */
  scheduledInvocation: 1.0 / million,
  /** Not re-checked. */
  sqsRequest: 0.4 / million,
  /** Not re-checked, nor are the next two. */
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
  /** An Application Load Balancer, and its capacity unit; used only by a lever. Not re-checked. */
  balancerHour: 0.0225,
  balancerUnitHour: 0.008,
  /** Discount on Lambda time from a one-year Compute Savings Plan. Not re-checked. */
  savingsPlanShare: 0.12,
} as const satisfies Record<string, number | Tiers>;

export type Prices = { readonly [K in keyof typeof prices]: (typeof prices)[K] extends number ? number : Tiers };
