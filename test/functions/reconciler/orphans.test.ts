import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Ec2Instance } from '../../../local/aws/ec2-api/describe-instances.ts';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';
import { AwsCustomers, look, minute } from '../../support/scenes/aws-customers.ts';

let rig: Rig;
let aws: AwsCustomers;
beforeAll(async () => {
  rig = await Rig.start();
  aws = new AwsCustomers(rig);
});
afterAll(() => rig.stop());
beforeEach(() => aws.begin());

describe('a launch that was never heard of again', () => {
  /** A standby launch that an agent claimed, and that then failed. @returns when it was claimed */
  async function lostLaunch(tenant: Tenant) {
    const primary = await rig.primary({ mode: 'spot' }, tenant);
    const claimedAt = rig.clock.now();
    const id = await primary.addReplica({ status: 'failed', launchClaimedAt: claimedAt, az: 'us-east-1b' });
    return { primary, id, claimedAt };
  }
  const born = (claimedAt: Date, minutes: number): Partial<Ec2Instance> => ({
    az: 'us-east-1b',
    launchedAt: new Date(claimedAt.getTime() + minutes * 60_000),
  });

  it('may have left an instance of its type, zone and time that belongs to no agent', async () => {
    const tenant = await aws.customer();
    const { primary, claimedAt } = await lostLaunch(tenant);
    aws.set(tenant, 'i-0orphan', 'running', born(claimedAt, 1));
    aws.set(tenant, 'i-0before', 'running', born(claimedAt, -1));
    aws.set(tenant, 'i-0after', 'running', born(claimedAt, 11));
    aws.set(tenant, 'i-0ended', 'terminated', born(claimedAt, 1));
    aws.set(tenant, 'i-0larger', 'running', { ...born(claimedAt, 1), type: 'm5.xlarge' });
    aws.set(tenant, 'i-0else', 'running', { ...born(claimedAt, 1), az: 'us-east-1c' });
    const known = await rig.primary({}, tenant);
    aws.set(tenant, known, 'running', born(claimedAt, 1));
    rig.pass(19 * minute);
    expect(await aws.run()).toEqual([]);
    rig.pass(minute);
    expect(await aws.run()).toEqual(look);
    expect(await aws.notified(tenant)).toMatchObject([
      { eventType: 'suspected_orphan', severity: 'warning', instanceId: 'i-0orphan', agentId: primary.agentId },
    ]);
    rig.pass(minute);
    expect(await aws.run()).toEqual([]);
  });

  it('is looked up again when EC2 did not respond, and given up after an hour', async () => {
    const tenant = await aws.customer();
    const { claimedAt } = await lostLaunch(tenant);
    const id = `i-${randomUUID().slice(0, 8)}`;
    aws.set(tenant, id, 'running', born(claimedAt, 5));
    aws.ec2.faults.inject({ error: 'Unavailable', action: 'DescribeInstances', times: 2 });
    rig.pass(20 * minute);
    await aws.run();
    expect(await aws.notified(tenant)).toEqual([]);
    rig.pass(minute);
    await aws.run();
    expect(await aws.notified(tenant)).toMatchObject([{ eventType: 'suspected_orphan', instanceId: id }]);

    await lostLaunch(tenant);
    rig.pass(80 * minute);
    expect(await aws.run()).toEqual([]);
  });

  it('is not looked up without access', async () => {
    const tenant = await aws.customer({ access: false });
    await lostLaunch(tenant);
    rig.pass(20 * minute);
    expect(await aws.run()).toEqual([]);
  });
});
