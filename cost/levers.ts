import { cheaperEnvironment } from '../local/fleet/agents/loops.ts';
import { type Case, costOf } from './model.ts';
import { hoursAMonth, mergedAgent, unmodifiedAgent } from './usage.ts';

/** A choice that could be made differently, and what a month would cost then. */
export interface Lever {
  readonly what: string;
  /** Already in effect; `total` is then the cost without it. */
  readonly isPulled?: true;
  total(now: Case): number;
}

const withDeployment = (change: Partial<Case['deployment']>) => (now: Case) =>
  costOf({ ...now, deployment: { ...now.deployment, ...change } }).total;
const withPrices = (change: (prices: Case['prices']) => Partial<Case['prices']>) => (now: Case) =>
  costOf({ ...now, prices: { ...now.prices, ...change(now.prices) } }).total;

const withAgent = (calls: Case['calls']) => (now: Case) => costOf({ ...now, calls }).total;

export const levers: readonly Lever[] = [
  {
    what: 'Every answer leaves a log line, not one in fifty',
    isPulled: true,
    total: withDeployment({ successShare: 1 }),
  },
  { what: 'API Gateway logs each request', isPulled: true, total: withDeployment({ hasAccessLog: true }) },
  {
    what: 'x86 in place of ARM',
    isPulled: true,
    total: withPrices((p) => ({ lambdaGBSecond: p.lambdaGBSecondOnX86 })),
  },
  {
    what: 'No cache of identities: the authorizer is asked by each request',
    isPulled: true,
    total: (now) => costOf({ ...now, assumptions: { ...now.assumptions, agentsPerTenant: 1e-9 } }).total,
  },
  { what: 'Identities are kept 300 s, not 60 s', total: withDeployment({ authorizerCacheSeconds: 300 }) },
  {
    what: "The agents' own variables, as deploy.md has them: heartbeat 40 s, commands 45 s, settings 300 s",
    total: withAgent(unmodifiedAgent(cheaperEnvironment)),
  },
  {
    what: 'The same with a heartbeat of 60 s and commands of 30 s, where one that is lost puts an agent offline',
    total: withAgent(
      unmodifiedAgent({ ...cheaperEnvironment, HEARTBEAT_INTERVAL: 60, PENDING_COMMANDS_CHECK_INTERVAL: 30 }),
    ),
  },
  {
    what: 'A merged agent (protocol 6.7): one call each 150 s that carries all of it',
    total: withAgent(mergedAgent()),
  },
  { what: 'The same, one call a minute', total: withAgent(mergedAgent(60)) },
  { what: 'An Application Load Balancer in place of API Gateway', total: behindBalancer },
  {
    what: 'A Compute Savings Plan of a year for Lambda',
    total: withPrices((p) => ({ lambdaGBSecond: p.lambdaGBSecond * (1 - p.savingsPlanShare) })),
  },
  {
    what: 'Aurora I/O-Optimized',
    total: withPrices((p) => ({ acuHour: p.acuHourIoOptimized, databaseIo: 0 })),
  },
];

/** A load balancer unit carries 1 GB an hour. At our sizes that limit is reached before its 25 connections a second. */
function behindBalancer(now: Case): number {
  const { usd, total, requestsASecond } = costOf(now);
  const requestAndAnswer = now.assumptions.answerBytes * 2.5;
  const units = (requestsASecond * 3600 * requestAndAnswer) / 2 ** 30;
  const balancer = hoursAMonth * (now.prices.balancerHour + units * now.prices.balancerUnitHour);
  return total - usd['API Gateway requests'] + balancer;
}
