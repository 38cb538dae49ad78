import { describe, expect, it } from 'vitest';
import { type Deployment, deploymentOf, runsAMonth, type Template } from '../../cost/deployment.ts';
import { type Case, costOf, tiered } from '../../cost/model.ts';
import { prices } from '../../cost/prices.ts';
import { assumptions, type Called, unmodifiedAgent } from '../../cost/usage.ts';

const million = 1_000_000;
const hour = 3600;

/** Functions and a database of half an ACU, and nothing else that costs. */
const bare: Deployment = {
  memoryGB: { agent: 0.5, authorizer: 0.5, jobs: 0.5, 'spot-events': 0.5 },
  jobRuns: {},
  authorizerCacheSeconds: 60,
  throttle: 5000,
  minAcu: 0.5,
  maxAcu: 16,
  instances: 1,
  successShare: 0,
  hasAccessLog: false,
  alarmMetrics: 0,
  customMetrics: 0,
  dashboards: 0,
  secrets: 0,
  keys: 0,
  polledQueues: 0,
};

/** A million calls a month, each of which makes one Data API call. */
const call: Called = {
  name: 'heartbeat',
  fn: 'agent',
  callsAMonth: million,
  dataApiCalls: 1,
  writes: 1,
  decisions: 0,
};

const alone = { ...assumptions, eventsPerAgent: 0, storedMB: 0, storedMBPerAgent: 0, handlerMs: 10, dataApiCallMs: 10 };
const given = (change: Partial<Case> = {}): Case => ({
  deployment: bare,
  agents: 1,
  calls: [call],
  assumptions: alone,
  prices,
  ...change,
});
const deployed = (change: Partial<Deployment>) => ({ deployment: { ...bare, ...change } });

describe('tiered', () => {
  const tiers = [
    { upTo: 10, usd: 2 },
    { upTo: 30, usd: 1 },
    { upTo: Number.POSITIVE_INFINITY, usd: 0.5 },
  ];
  it.each([
    [0, 0],
    [10, 20],
    [11, 21],
    [30, 40],
    [100, 75],
  ])('%i units cost %f USD', (quantity, usd) => {
    expect(tiered(quantity, tiers)).toBe(usd);
  });
});

describe('a month of one agent with a million calls', () => {
  /** Authorizer calls a month: one tenant, looked up once a minute. */
  const lookUps = 730 * 60;

  it('costs what a calculation by hand gives', () => {
    const { usd, total, requestsASecond } = costOf(given());
    expect(usd['API Gateway requests']).toBeCloseTo(1, 9);
    expect(usd['Lambda requests']).toBeCloseTo(((million + lookUps) * 0.2) / million, 9);
    // 10 ms of its own work and 10 ms of waiting for the Data API, with half a gigabyte
    expect(usd['Lambda time']).toBeCloseTo((million + lookUps) * 0.02 * 0.5 * 0.0000133334, 9);
    expect(usd['Data API calls']).toBeCloseTo(((million + lookUps) * 0.35) / million, 9);
    expect(usd['Aurora capacity']).toBeCloseTo(0.5 * 730 * 0.12, 9);
    expect(usd['Aurora I/O']).toBeCloseTo(0.2, 9);
    expect(usd['Data transfer']).toBeCloseTo((600e6 / 2 ** 30) * 0.09, 9);
    expect(usd['CloudWatch logs']).toBe(0);
    expect(requestsASecond).toBeCloseTo(million / (730 * hour), 9);
    expect(total).toBeCloseTo(
      Object.values(usd).reduce((sum, part) => sum + part, 0),
      9,
    );
  });

  it('calls the authorizer less often the longer its response is cached, and at most once per request', () => {
    const requests = (change: Partial<Case>) => costOf(given(change)).usd['Lambda requests'] / prices.lambdaRequest;
    expect(requests(deployed({ authorizerCacheSeconds: 600 }))).toBeCloseTo(million + lookUps / 10, 3);
    expect(requests({ assumptions: { ...alone, agentsPerTenant: 1e-9 } })).toBeCloseTo(2 * million, 3);
  });

  it('logs the configured share of successes, and with an access log each request at the gateway', () => {
    const gb = (change: Partial<Deployment>) => costOf(given(deployed(change))).usd['CloudWatch logs'] / prices.logGB;
    expect(gb({ successShare: 0.02 })).toBeCloseTo((0.02 * 550 * million) / 2 ** 30, 9);
    expect(gb({ hasAccessLog: true })).toBeCloseTo((200 * million) / 2 ** 30, 9);
  });

  it('pays for capacity by load once that exceeds the minimum, and twice with a reader', () => {
    // 500 statements a second take one ACU: twice that many
    const calls = [{ ...call, callsAMonth: 730 * hour * 500 * 2, dataApiCalls: 1 }];
    const { acu, usd } = costOf(given({ calls, ...deployed({ instances: 2 }) }));
    expect(acu).toBeCloseTo(2, 2);
    expect(usd['Aurora capacity']).toBeCloseTo(acu * 2 * 730 * 0.12, 9);
  });

  it('counts the Data API calls of jobs, and those of decisions only where jobs run', () => {
    const calls = [{ ...call, decisions: 1 }];
    const dataApi = (change: Partial<Deployment>) =>
      costOf(given({ calls, ...deployed(change) })).usd['Data API calls'] / 0.35e-6 - million - lookUps;
    expect(dataApi({})).toBeCloseTo(0, 3);
    expect(dataApi({ jobRuns: { jobs: 1000 } })).toBeCloseTo(
      1000 * assumptions.callsOfAJob + million * assumptions.callsPerDecision,
      2,
    );
  });

  it('pays for alarms, metrics, dashboards, secrets and keys', () => {
    const { usd } = costOf(given(deployed({ alarmMetrics: 3, customMetrics: 2, dashboards: 1, secrets: 2, keys: 1 })));
    expect(usd['CloudWatch metrics and alarms']).toBeCloseTo(3.9, 9);
    expect(usd['Secrets Manager, KMS']).toBeCloseTo(1.8, 9);
  });
});

it('an unmodified agent runs every loop of the protocol, and its variables make it call less often', () => {
  const heartbeats = (agent: readonly Called[]) => agent.find(({ name }) => name === 'heartbeat')!.callsAMonth;
  expect(heartbeats(unmodifiedAgent())).toBe((730 * hour) / 30);
  expect(heartbeats(unmodifiedAgent({ HEARTBEAT_INTERVAL: 60 }))).toBe((730 * hour) / 60);
  const requests = unmodifiedAgent().reduce((sum, { callsAMonth }) => sum + callsAMonth, 0);
  expect(Math.round(requests)).toBe(
    730 * (120 + 240 + 60 + 12 + 120 + 120 + 60 + 1) + 5 * 4 /* switches, five calls each */,
  );
});

describe('runs a month', () => {
  it.each([
    ['rate(1 minute)', 730 * 60],
    ['rate(5 minutes)', 730 * 12],
    ['cron(12 * * * ? *)', 730],
    ['cron(0 2 * * ? *)', 730 / 24],
  ])('of %s are %f', (expression, runs) => {
    expect(runsAMonth(expression)).toBeCloseTo(runs, 9);
  });
});

describe('a template', () => {
  const fn = (name: string, MemorySize: number) => ({
    Type: 'AWS::Lambda::Function',
    Properties: { MemorySize, Environment: { Variables: { POWERTOOLS_SERVICE_NAME: name, LOG_SUCCESS_SHARE: '0.1' } } },
  });
  const schedule = (State: string) => ({
    Type: 'AWS::Scheduler::Schedule',
    Properties: { State, ScheduleExpression: 'rate(1 minute)', Target: { Arn: { 'Fn::GetAtt': ['Jobs', 'Arn'] } } },
  });
  const template: Template = {
    Resources: {
      Agent: fn('agent', 512),
      Jobs: fn('jobs', 256),
      OfCdk: { Type: 'AWS::Lambda::Function', Properties: { MemorySize: 128 } },
      On: schedule('ENABLED'),
      Off: schedule('DISABLED'),
      Cluster: {
        Type: 'AWS::RDS::DBCluster',
        Properties: {
          ServerlessV2ScalingConfiguration: { MinCapacity: 1, MaxCapacity: 4 },
          ManageMasterUserPassword: true,
        },
      },
      Writer: { Type: 'AWS::RDS::DBInstance', Properties: {} },
      Stage: {
        Type: 'AWS::ApiGatewayV2::Stage',
        Properties: { DefaultRouteSettings: { ThrottlingRateLimit: 100 }, AccessLogSettings: {} },
      },
      Authorizer: { Type: 'AWS::ApiGatewayV2::Authorizer', Properties: { AuthorizerResultTtlInSeconds: 60 } },
      Simple: { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'Errors' } },
      OfTwo: {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: { Metrics: [{ Expression: 'a / b' }, { MetricStat: {} }, { MetricStat: {} }] },
      },
      Secret: { Type: 'AWS::SecretsManager::Secret', Properties: {} },
    },
  };

  it('yields all the quantities that cost money', () => {
    expect(deploymentOf(template)).toEqual({
      memoryGB: { agent: 0.5, jobs: 0.25 },
      jobRuns: { jobs: 43_800 },
      authorizerCacheSeconds: 60,
      throttle: 100,
      minAcu: 1,
      maxAcu: 4,
      instances: 1,
      successShare: 0.1,
      hasAccessLog: true,
      alarmMetrics: 3,
      customMetrics: 0,
      dashboards: 0,
      secrets: 2,
      keys: 0,
      polledQueues: 0,
    });
  });

  it('without a database is refused rather than taken to be free', () => {
    const { Cluster: _, ...Resources } = template.Resources;
    expect(() => deploymentOf({ Resources })).toThrow('the template has no AWS::RDS::DBCluster');
  });
});
