import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Call } from '../../../local/aws/ec2-api/faults.ts';
import { Rig } from '../../support/rig/rig.ts';
import { isTried } from '../../support/run/sizes.ts';
import { AwsCustomers, hour, minute } from '../../support/scenes/aws-customers.ts';

let rig: Rig;
let aws: AwsCustomers;
beforeAll(async () => {
  rig = await Rig.start();
  aws = new AwsCustomers(rig);
});
afterAll(() => rig.stop());
beforeEach(() => aws.begin());

describe('the role', () => {
  it('is assumed with the tenant’s external ID, once per run, and limited to three read actions', async () => {
    const tenant = await aws.customer();
    await aws.replaced(tenant);
    await aws.replaced(tenant, { region: 'eu-west-1', az: 'eu-west-1a' });
    rig.pass(10 * minute);
    expect((await aws.run()).toSorted()).toEqual([
      'AssumeRole',
      'DescribeInstances eu-west-1',
      'DescribeInstances us-east-1',
    ]);
    const [{ parameters }] = aws.asked as [Call];
    expect(parameters.get('RoleArn')).toBe(tenant.roleArn);
    expect(parameters.get('ExternalId')).toBe(tenant.externalId);
    expect(JSON.parse(parameters.get('Policy')!).Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['ec2:DescribeInstances', 'ec2:DescribeInstanceStatus', 'ec2:GetCapacityManagerMetricData'],
        Resource: '*',
      },
    ]);
  });

  it('of another tenant is of no use: its trust policy names that tenant’s external ID', async () => {
    const [victim, thief] = [await aws.customer(), await aws.customer()];
    await rig.asAdmin('PUT', `/api/admin/clients/${thief.id}/aws-access`, {
      aws_account_id: victim.account,
      role_arn: victim.roleArn,
    });
    const { old } = await aws.replaced(thief);
    rig.pass(2 * hour);
    expect(await aws.run()).toEqual(['AssumeRole']);
    expect(await old.row()).toMatchObject({ terminationConfirmed: false });
    expect(await aws.notified(thief)).toMatchObject([{ eventType: 'aws_access_failed' }]);
  });
});

describe('access that is denied', () => {
  const denials = [
    ['AccessDenied', 'AssumeRole', 'trust policy'],
    ['UnauthorizedOperation', 'DescribeInstances', 'ec2:DescribeInstances'],
    ['AuthFailure', 'DescribeInstances', 'us-east-1'],
    ['OptInRequired', 'DescribeInstances', 'enabled'],
  ] as const;

  it.each(denials)('(%s) is reported at once, in words, and holds up no other tenant', async (error, action, word) => {
    const [tenant, other] = [await aws.customer(), await aws.customer()];
    const [{ old }, { old: others }] = [await aws.replaced(tenant), await aws.replaced(other)];
    for (const [of, instance] of [
      [tenant, old],
      [other, others],
    ] as const)
      aws.set(of, instance, 'terminated');
    aws.ec2.faults.inject({ error, action, account: tenant.account });
    rig.pass(10 * minute);
    await aws.run();
    expect(await others.row()).toMatchObject({ terminationConfirmed: true });
    expect(await old.row()).toMatchObject({ terminationConfirmed: false });
    const [event, ...more] = await aws.notified(tenant);
    expect(more).toEqual([]);
    expect(event).toMatchObject({ eventType: 'aws_access_failed', severity: 'error' });
    for (const part of [error, word, tenant.roleArn]) expect(event!.message).toContain(part);
    expect(event!.message).not.toMatch(/000000000000|ASIA|external-/);
    expect(await aws.notified(other)).toEqual([]);
  });

  it.each(denials)('(%s) is retried after 1, 2, 4, … 60 minutes, and reported once a day', async (error, action) => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    aws.ec2.faults.inject({ error, action });
    rig.pass(10 * minute);
    const days = new Set<string>();
    const pauses: number[] = [];
    for (let i = 0; i < 34; i += 1) {
      const tried = i === 0 ? await aws.run() : await aws.runWhenDue(old);
      expect(tried).toContain(action === 'AssumeRole' ? action : `${action} us-east-1`);
      days.add(rig.clock.now().toISOString().slice(0, 10));
      pauses.push(((await old.row()).ec2NextCheckAt!.getTime() - rig.clock.now().getTime()) / 60_000);
    }
    expect(pauses.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(days.size).toBeGreaterThan(1);
    expect(await aws.notified(tenant)).toHaveLength(days.size);
  });

  it('is reported whatever the length of the role’s name', async () => {
    const tenant = await aws.customer();
    const roleArn = `arn:aws:iam::${tenant.account}:role/${'p'.repeat(500)}/SpotOptimizer${'x'.repeat(51)}`;
    const { status } = await rig.asAdmin('PUT', `/api/admin/clients/${tenant.id}/aws-access`, {
      aws_account_id: tenant.account,
      role_arn: roleArn,
    });
    expect(status).toBe(200);
    await aws.replaced(tenant);
    rig.pass(10 * minute);
    await aws.run();
    expect(await aws.notified(tenant)).toMatchObject([{ message: expect.stringContaining('trust policy') }]);
    expect(await aws.lookups(tenant)).toMatchObject([{ failures: 1 }]);
  });

  it('is not retried for each instance that comes due meanwhile', async () => {
    const tenant = await aws.customer();
    await aws.replaced(tenant);
    aws.ec2.roles.distrust(tenant.roleArn);
    rig.pass(8 * minute);
    const { old: second } = await aws.replaced(tenant);
    rig.pass(2 * minute);
    for (let i = 0; i < 9; i += 1) {
      await aws.run();
      rig.pass(minute);
    }
    expect(aws.asked).toHaveLength(4); // at 0, 1, 3 and 7 minutes
    expect(await aws.run()).toEqual([]); // the second has come due
    expect((await second.row()).ec2NextCheckAt).toEqual((await aws.lookups(tenant))[0]!.nextAt);
  });

  it('is followed by one event when access works again', async () => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    aws.set(tenant, old, 'running');
    const repair = aws.ec2.faults.inject({ error: 'UnauthorizedOperation', action: 'DescribeInstances' });
    rig.pass(10 * minute);
    await aws.run();
    repair();
    for (let i = 0; i < 3; i += 1) await aws.runWhenDue(old);
    expect((await aws.notified(tenant)).map(({ eventType }) => eventType)).toEqual([
      'aws_access_failed',
      'aws_access_restored',
    ]);
    expect(await aws.lookups(tenant)).toMatchObject([{ failures: 0, failingSince: null, error: null, nextAt: null }]);
    expect(await old.row()).toMatchObject({ ec2State: 'running' });
  });

  it('in one region does not affect another', async () => {
    const tenant = await aws.customer();
    const [{ old: here }, { old: elsewhere }] = [
      await aws.replaced(tenant),
      await aws.replaced(tenant, { region: 'eu-west-1', az: 'eu-west-1a' }),
    ];
    aws.set(tenant, here, 'terminated');
    aws.set(tenant, elsewhere, 'terminated');
    const repair = aws.ec2.faults.inject({ error: 'OptInRequired', action: 'DescribeInstances', region: 'eu-west-1' });
    rig.pass(10 * minute);
    await aws.run();
    expect(await here.row()).toMatchObject({ terminationConfirmed: true });
    expect(await elsewhere.row()).toMatchObject({ terminationConfirmed: false });
    repair();
    await aws.runWhenDue(elsewhere);
    expect(await elsewhere.row()).toMatchObject({ terminationConfirmed: true });
    expect((await aws.notified(tenant)).map(({ eventType }) => eventType)).toEqual([
      'aws_access_failed',
      'aws_access_restored',
    ]);
  });
});

describe('AWS that does not respond', () => {
  const silences = [
    ['RequestLimitExceeded', 'DescribeInstances'],
    ['InternalError', 'DescribeInstances'],
    ['Unavailable', 'DescribeInstances'],
    ['disconnect', 'DescribeInstances'],
    ['Throttling', 'AssumeRole'],
    ['disconnect', 'AssumeRole'],
  ] as const;
  // Each waits a dozen times for the SDK's pauses between attempts.
  it.each(
    silences.filter((_, index) => isTried(index, 0, 3)),
  )('(%s of %s) is reported only when that has gone on for an hour', async (error, action) => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    const repair = aws.ec2.faults.inject({ error, action });
    rig.pass(10 * minute);
    const since = rig.clock.now().getTime();
    await aws.run();
    while (rig.clock.now().getTime() - since < hour * 1000) {
      expect(await aws.notified(tenant)).toEqual([]);
      await aws.runWhenDue(old);
    }
    expect(await aws.notified(tenant)).toMatchObject([{ eventType: 'aws_access_failed', severity: 'warning' }]);
    repair();
    await aws.runWhenDue(old);
    expect((await aws.notified(tenant)).map(({ eventType }) => eventType)).toContain('aws_access_restored');
  });

  it('for a moment is never reported, nor that it works again', async () => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    aws.set(tenant, old, 'terminated');
    aws.ec2.faults.inject({ error: 'InternalError', action: 'DescribeInstances', times: 2 }); // the SDK tries twice
    rig.pass(10 * minute);
    await aws.run();
    expect(await old.row()).toMatchObject({ terminationConfirmed: false });
    rig.pass(minute);
    await aws.run();
    expect(await old.row()).toMatchObject({ terminationConfirmed: true });
    expect(await aws.notified(tenant)).toEqual([]);
  });

  it('at all does not hold up the run, and other tenants are served meanwhile', async () => {
    const [tenant, second, other] = [await aws.customer(), await aws.customer(), await aws.customer()];
    const [{ old }, { old: others }] = [await aws.replaced(tenant), await aws.replaced(other)];
    await aws.replaced(second);
    aws.set(other, others, 'terminated');
    for (const { account } of [tenant, second]) aws.ec2.faults.inject({ error: 'hang', account });
    rig.pass(10 * minute);
    const began = performance.now();
    await aws.run();
    // Two attempts of four seconds each, for both tenants at once.
    expect(performance.now() - began).toBeLessThan(14_000);
    expect(await others.row()).toMatchObject({ terminationConfirmed: true });
    expect((await old.row()).ec2NextCheckAt).toEqual(new Date(rig.clock.now().getTime() + 60_000));
    expect(await aws.lookups(tenant)).toMatchObject([{ region: 'role', failures: 1 }]);
  });
});
