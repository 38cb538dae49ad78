import {
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  EC2Client,
  paginateDescribeInstances,
} from '@aws-sdk/client-ec2';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Ec2Instance } from '../../../local/aws/ec2-api/describe-instances.ts';
import { type Ec2Api, startEc2Api } from '../../../local/aws/ec2-api/server.ts';

const account = '123456789012';
const roleArn = `arn:aws:iam::${account}:role/tenants/SpotOptimizer`;
const externalId = 'external-1';

let api: Ec2Api;
beforeAll(async () => {
  api = await startEc2Api();
});
afterAll(() => api.close());
beforeEach(() => {
  api.faults.clear();
  api.pageSize = 1000;
  api.roles.trust(roleArn, externalId);
  api.instances = () => [];
});

const ours = { accessKeyId: 'local', secretAccessKey: 'local' };
const sts = () => new STSClient({ endpoint: api.url, region: 'us-east-1', credentials: ours, maxAttempts: 1 });
const assume = (input: { RoleArn?: string; ExternalId?: string } = {}) =>
  sts().send(new AssumeRoleCommand({ RoleArn: roleArn, ExternalId: externalId, RoleSessionName: 'test', ...input }));

async function ec2(region = 'us-east-1', maxAttempts = 1): Promise<EC2Client> {
  const { Credentials } = await assume();
  const credentials = {
    accessKeyId: Credentials!.AccessKeyId!,
    secretAccessKey: Credentials!.SecretAccessKey!,
    sessionToken: Credentials!.SessionToken!,
  };
  return new EC2Client({ endpoint: api.url, region, credentials, maxAttempts });
}
const describeIn = async (input: DescribeInstancesCommandInput, region?: string) => {
  const answer = await (await ec2(region)).send(new DescribeInstancesCommand(input));
  return answer.Reservations!.flatMap(({ Instances }) => Instances!);
};
const byId = (...Values: string[]) => ({ Filters: [{ Name: 'instance-id', Values }] });

const instance = (id: string, fields: Partial<Ec2Instance> = {}): Ec2Instance => ({
  id,
  state: 'running',
  type: 'm5.large',
  az: 'us-east-1a',
  launchedAt: new Date('2026-03-02T00:00:00Z'),
  ...fields,
});

describe('AssumeRole', () => {
  it('gives credentials for a role that trusts us under this external id', async () => {
    expect(await assume()).toMatchObject({
      Credentials: { AccessKeyId: expect.stringMatching(/^ASIA/), Expiration: expect.any(Date) },
      AssumedRoleUser: { Arn: `arn:aws:sts::${account}:assumed-role/tenants/SpotOptimizer/test` },
    });
  });

  it.each([
    ['another external id', { ExternalId: 'external-2' }],
    ['no external id', { ExternalId: undefined }],
    ['a role that is not there', { RoleArn: `${roleArn}X` }],
  ])('refuses %s as STS does', async (_, input) => {
    await expect(assume(input as never)).rejects.toMatchObject({
      name: 'AccessDenied',
      $fault: 'client',
      $metadata: { httpStatusCode: 403, requestId: expect.any(String) },
    });
  });

  it('refuses a role that no longer trusts us', async () => {
    api.roles.distrust(roleArn);
    await expect(assume()).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

describe('DescribeInstances', () => {
  it('returns what EC2 returns about an instance', async () => {
    const endedAt = new Date('2026-03-02T01:02:03Z');
    api.instances = () => [instance('i-1'), instance('i-2', { state: 'terminated', endedAt })];
    expect(await describeIn({})).toMatchObject([
      {
        InstanceId: 'i-1',
        State: { Code: 16, Name: 'running' },
        InstanceType: 'm5.large',
        Placement: { AvailabilityZone: 'us-east-1a' },
        LaunchTime: new Date('2026-03-02T00:00:00Z'),
      },
      { State: { Code: 48, Name: 'terminated' }, StateTransitionReason: 'User initiated (2026-03-02 01:02:03 GMT)' },
    ]);
  });

  it('covers the account of the role and the region of the request', async () => {
    const asked: string[][] = [];
    api.instances = (...of) => {
      asked.push(of);
      return [];
    };
    await describeIn({}, 'eu-west-1');
    expect(asked).toEqual([[account, 'eu-west-1']]);
  });

  it('returns instances that match some value of every filter, with wildcards', async () => {
    api.instances = () => [
      instance('i-1'),
      instance('i-2', { az: 'us-east-1b' }),
      instance('i-3', { type: 'c5.large' }),
    ];
    const ids = async (filters: Record<string, string[]>) =>
      (await describeIn({ Filters: Object.entries(filters).map(([Name, Values]) => ({ Name, Values })) })).map(
        ({ InstanceId }) => InstanceId,
      );
    expect(await ids({ 'instance-id': ['i-1', 'i-3', 'i-9'] })).toEqual(['i-1', 'i-3']);
    expect(await ids({ 'instance-type': ['m5.*'], 'availability-zone': ['us-east-1a'] })).toEqual(['i-1']);
    expect(await ids({ 'instance-state-name': ['stopped'] })).toEqual([]);
  });

  it('returns pages', async () => {
    api.instances = () => Array.from({ length: 12 }, (_, i) => instance(`i-${i}`));
    api.pageSize = 5;
    const pages: number[] = [];
    for await (const page of paginateDescribeInstances({ client: await ec2() }, { MaxResults: 1000 }))
      pages.push(page.Reservations?.length ?? 0);
    expect(pages).toEqual([5, 5, 2]);
  });

  it('refuses what EC2 refuses', async () => {
    const ids = Array.from({ length: 201 }, (_, i) => `i-${i}`);
    await expect(describeIn(byId(...ids))).rejects.toMatchObject({ name: 'FilterLimitExceeded' });
    await expect(describeIn({ Filters: [{ Name: 'colour', Values: ['x'] }] })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
    await expect(describeIn({ NextToken: 'x' })).rejects.toMatchObject({ name: 'InvalidNextToken' });
  });

  it('refuses credentials that it did not issue', async () => {
    const foreign = new EC2Client({ endpoint: api.url, region: 'us-east-1', credentials: ours, maxAttempts: 1 });
    await expect(foreign.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({
      name: 'AuthFailure',
      $fault: 'client',
      $metadata: { httpStatusCode: 401 },
    });
  });
});

describe('a fault', () => {
  it.each([
    ['UnauthorizedOperation', 403],
    ['RequestLimitExceeded', 503],
    ['InternalError', 500],
  ] as const)('is returned as EC2 does: %s, %i', async (error, httpStatusCode) => {
    api.faults.inject({ error, action: 'DescribeInstances' });
    await expect(describeIn({})).rejects.toMatchObject({ name: error, $metadata: { httpStatusCode } });
  });

  it('strikes after a number of calls, a number of times, and only in its own action and region', async () => {
    api.faults.inject({ error: 'Unavailable', action: 'DescribeInstances', region: 'us-east-1', after: 1, times: 1 });
    await describeIn({});
    await describeIn({}, 'eu-west-1');
    await expect(describeIn({})).rejects.toMatchObject({ name: 'Unavailable' });
    await describeIn({});
  });

  it('may be a lost connection', async () => {
    api.faults.inject({ error: 'disconnect', times: 1 });
    await expect(assume()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('is retried by the SDK if it is transient', async () => {
    api.faults.inject({ error: 'RequestLimitExceeded', action: 'DescribeInstances', times: 1 });
    expect(await (await ec2('us-east-1', 2)).send(new DescribeInstancesCommand({}))).toMatchObject({
      $metadata: { attempts: 2 },
    });
  });
});
