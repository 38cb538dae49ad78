import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { Rig } from '../../support/rig/rig.ts';
import { AwsCustomers, type Customer } from '../../support/scenes/aws-customers.ts';

let rig: Rig;
let aws: AwsCustomers;
beforeAll(async () => {
  rig = await Rig.start();
  aws = new AwsCustomers(rig);
});
afterAll(() => rig.stop());
beforeEach(async () => {
  await aws.begin();
  await rig.db.updateTable('agents').set({ status: 'deleted' }).execute();
});

/** A tenant's primary and its ready standby; the primary is silent for this many seconds, the standby beats on. */
async function silent(tenant: Customer, seconds: number) {
  const primary = await rig.primary({ mode: 'spot' }, tenant);
  const standby = primary.successor({ mode: 'spot', az: 'us-east-1b' });
  const replicaId = await primary.addReplica({ poolId: standby.pool!, az: 'us-east-1b' });
  await primary.putReplica(replicaId, standby.id);
  await standby.register();
  await primary.replicaStatus(replicaId, 'ready');
  await rig.runJob('expire-agents');
  await primary.heartbeat();
  rig.pass(seconds);
  await rig.runJob('expire-agents');
  await standby.heartbeat();
  return { primary, standby };
}
const primaryOf = async (instance: TestInstance) => (await instance.agentRow()).instanceId;
const checks = ['AssumeRole', 'DescribeInstanceStatus us-east-1', 'DescribeInstanceStatus us-east-1'];

describe('a primary that is silent and fails EC2’s status checks', () => {
  it.each([
    'instance',
    'system',
  ] as const)('of the %s gives way to its standby after a minute and a half', async (check) => {
    const tenant = await aws.customer();
    const { primary, standby } = await silent(tenant, 91);
    aws.set(tenant, primary, 'running', { failedCheck: check });
    expect(await aws.run()).toEqual(checks);
    expect(await standby.agentRow()).toMatchObject({ instanceId: standby.id, primaryCause: 'takeover' });
    expect(await primary.row()).toMatchObject({ instanceStatus: 'zombie' });
    expect(await standby.events('agent_taken_over')).toMatchObject([
      {
        message: expect.stringContaining(
          `${primary.id} of agent ${primary.facts.logicalId} fell silent and fails EC2's status checks`,
        ),
      },
    ]);
  });

  it('keeps its role while its heartbeats come', async () => {
    const tenant = await aws.customer();
    const { primary, standby } = await silent(tenant, 60);
    aws.set(tenant, primary, 'running', { failedCheck: 'instance' });
    expect(await aws.run()).toEqual([]);
    expect(await primaryOf(standby)).toBe(primary.id);
  });

  it('keeps its role if it passes the checks: silence alone takes longer', async () => {
    const tenant = await aws.customer();
    const { primary, standby } = await silent(tenant, 110);
    aws.set(tenant, primary, 'running');
    aws.set(tenant, standby, 'running', { failedCheck: 'system' });
    expect(await aws.run()).toEqual(checks);
    expect(await primaryOf(standby)).toBe(primary.id);
  });

  it('keeps its role if no other instance is alive', async () => {
    const tenant = await aws.customer();
    const { primary, standby } = await silent(tenant, 0);
    rig.pass(110);
    aws.set(tenant, primary, 'running', { failedCheck: 'instance' });
    expect(await aws.run()).toEqual([]);
    expect(await primaryOf(standby)).toBe(primary.id);
  });
});

it('the tenant is not notified of a role that may not read status checks', async () => {
  const tenant = await aws.customer();
  const { primary, standby } = await silent(tenant, 91);
  aws.ec2.faults.inject({ error: 'UnauthorizedOperation', action: 'DescribeInstanceStatus' });
  expect(await aws.run()).toEqual(checks.slice(0, 2));
  expect(await primaryOf(standby)).toBe(primary.id);
  expect(await aws.notified(tenant)).toEqual([]);
});

it('nobody is replaced if EC2 does not respond, and the next run asks again', async () => {
  const tenant = await aws.customer();
  const { primary, standby } = await silent(tenant, 91);
  aws.set(tenant, primary, 'running', { failedCheck: 'system' });
  aws.ec2.faults.inject({ error: 'InternalError', action: 'DescribeInstanceStatus', times: 2 });
  await aws.run();
  expect(await primaryOf(standby)).toBe(primary.id);
  rig.pass(60);
  await standby.heartbeat();
  await aws.run();
  expect(await primaryOf(standby)).toBe(standby.id);
});
