import type { Deployment } from './deployment.ts';
import type { Prices, Tiers } from './prices.ts';
import { type Assumptions, type Called, hoursAMonth } from './usage.ts';

export interface Case {
  readonly deployment: Deployment;
  /** The calls of one agent. */
  readonly calls: readonly Called[];
  readonly agents: number;
  readonly assumptions: Assumptions;
  readonly prices: Prices;
}

export const components = [
  'API Gateway requests',
  'Lambda requests',
  'Lambda time',
  'Data API calls',
  'Aurora capacity',
  'Aurora storage',
  'Aurora I/O',
  'CloudWatch logs',
  'CloudWatch metrics and alarms',
  'EventBridge, Scheduler, SQS',
  'Secrets Manager, KMS',
  'S3',
  'Data transfer',
] as const;

export type Component = (typeof components)[number];

export interface Month {
  /** USD for all agents together. */
  readonly usd: Readonly<Record<Component, number>>;
  readonly total: number;
  /** API requests per second, averaged over the month. */
  readonly requestsASecond: number;
  /** ACU averaged over the month, without a reader. */
  readonly acu: number;
}

const bytesAGB = 2 ** 30;
const secondsAMonth = hoursAMonth * 3600;

/** What a month costs. A pure function of the deployment, the calls, and AWS's prices. */
export function costOf({ deployment, calls, agents, assumptions, prices }: Case): Month {
  const sumOf = (of: (call: Called) => number) =>
    calls.reduce((sum, call) => sum + of(call) * call.callsAMonth, 0) * agents;
  const requests = sumOf(() => 1);
  const tenants = Math.ceil(agents / assumptions.agentsPerTenant);
  const lookUps = Math.min(requests, (tenants * secondsAMonth) / deployment.authorizerCacheSeconds);
  const runs = Object.entries(deployment.jobRuns);
  const jobRuns = runs.reduce((sum, [, of]) => sum + of, 0);
  const events = agents * assumptions.eventsPerAgent;
  const decisions = jobRuns === 0 ? 0 : sumOf(({ decisions }) => decisions);
  const eventCalls = 9; // docs/adr/0025

  const jobCalls = jobRuns * assumptions.callsOfAJob + decisions * assumptions.callsPerDecision;
  const dataApiCalls = sumOf(({ dataApiCalls }) => dataApiCalls) + lookUps + jobCalls + events * eventCalls;

  const seconds = (dataApiCalls: number) => (assumptions.handlerMs + dataApiCalls * assumptions.dataApiCallMs) / 1000;
  const memoryOf = (fn: string) => deployment.memoryGB[fn]!;
  const gbSeconds =
    sumOf((call) => seconds(call.dataApiCalls) * memoryOf(call.fn)) +
    lookUps * seconds(1) * memoryOf('authorizer') +
    events * seconds(eventCalls) * memoryOf('spot-events') +
    runs.reduce((sum, [fn, of]) => sum + of * (assumptions.jobMs / 1000) * memoryOf(fn), 0) +
    decisions * (assumptions.decisionMs / 1000) * memoryOf('jobs');

  const acu = Math.max(deployment.minAcu, dataApiCalls / secondsAMonth / assumptions.statementsPerAcuSecond);
  const storedGB = (assumptions.storedMB + agents * assumptions.storedMBPerAgent) / 1024;
  const writes =
    sumOf(({ writes }) => writes) + jobRuns + decisions * assumptions.callsPerDecision + events * eventCalls;
  const logBytes =
    requests * deployment.successShare * assumptions.answeredLineBytes +
    (deployment.hasAccessLog ? requests * assumptions.accessLineBytes : 0) +
    jobRuns * assumptions.jobLineBytes;
  // Each event is sent, received and deleted in the queue, assuming batches of one.
  const queueRequests = deployment.polledQueues * assumptions.pollsOfAQueue + events * 3;

  const usd: Record<Component, number> = {
    'API Gateway requests': tiered(requests, prices.httpApiRequests),
    'Lambda requests': (requests + lookUps + jobRuns + events) * prices.lambdaRequest,
    'Lambda time': gbSeconds * prices.lambdaGBSecond,
    'Data API calls': tiered(dataApiCalls, prices.dataApiCalls),
    'Aurora capacity': acu * deployment.instances * hoursAMonth * prices.acuHour,
    'Aurora storage': storedGB * prices.databaseGBMonth,
    'Aurora I/O': writes * prices.databaseIo,
    'CloudWatch logs': (logBytes / bytesAGB) * prices.logGB,
    'CloudWatch metrics and alarms':
      deployment.alarmMetrics * prices.alarmMetricMonth +
      deployment.customMetrics * prices.metricMonth +
      deployment.dashboards * prices.dashboardMonth,
    'EventBridge, Scheduler, SQS':
      events * prices.event + jobRuns * prices.scheduledInvocation + queueRequests * prices.sqsRequest,
    'Secrets Manager, KMS': deployment.secrets * prices.secretMonth + deployment.keys * prices.kmsKeyMonth,
    S3: prices.s3GBMonth, // uploaded models: a gigabyte holds hundreds
    'Data transfer': tiered((requests * assumptions.answerBytes) / bytesAGB, prices.transferGB),
  };
  const total = Object.values(usd).reduce((sum, part) => sum + part, 0);
  return { usd, total, requestsASecond: requests / secondsAMonth, acu };
}

/** The price of a quantity under tiered pricing. */
export function tiered(quantity: number, tiers: Tiers): number {
  let usd = 0;
  let from = 0;
  for (const { upTo, usd: price } of tiers) {
    usd += Math.max(0, Math.min(quantity, upTo) - from) * price;
    from = upTo;
  }
  return usd;
}
