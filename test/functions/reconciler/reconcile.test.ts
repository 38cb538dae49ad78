import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { Rig } from '../../support/rig/rig.ts';
import { isTried } from '../../support/run/sizes.ts';
import { AwsCustomers, hour, look, minute } from '../../support/scenes/aws-customers.ts';

let rig: Rig;
let aws: AwsCustomers;
beforeAll(async () => {
  rig = await Rig.start();
  aws = new AwsCustomers(rig);
});
afterAll(() => rig.stop());
beforeEach(() => aws.begin());

describe('an instance that should be gone', () => {
  it('is looked up five minutes after its wait is over, and not before', async () => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    aws.set(tenant, old, 'terminated');
    rig.pass(10 * minute - 1);
    expect(await aws.run()).toEqual([]);
    rig.pass(1);
    expect(await aws.run()).toEqual(look);
    expect(await old.row()).toMatchObject({
      terminationConfirmed: true,
      instanceStatus: 'terminated',
      isActive: false,
    });
  });

  it('is looked up later if its agent is set to wait longer', async () => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    await old.set({ terminateWaitSeconds: 1800 });
    rig.pass(34 * minute);
    expect(await aws.run()).toEqual([]);
    rig.pass(minute);
    expect(await aws.run()).toEqual(look);
  });

  it('is confirmed as of when EC2 says that it ended, with one event whoever else reports it', async () => {
    const tenant = await aws.customer();
    const { old, next } = await aws.replaced(tenant);
    const endedAt = rig.pass(6 * minute);
    aws.set(tenant, old, 'terminated', { endedAt });
    rig.pass(4 * minute);
    await aws.run();
    expect((await old.row()).terminatedAt).toEqual(endedAt);
    await next.terminationReport(old.id);
    expect(await old.events('instance_terminated')).toHaveLength(1);
    expect((await next.instancesToTerminate()).body.instances).toEqual([]);
    rig.pass(hour);
    expect(await aws.run()).toEqual([]);
  });

  it('is not looked up when its agent has seen it go', async () => {
    const tenant = await aws.customer();
    const { old, next } = await aws.replaced(tenant);
    await next.terminationReport(old.id);
    rig.pass(hour);
    expect(await aws.run()).toEqual([]);
  });

  it('may be a standby, whose row is closed with it', async () => {
    const tenant = await aws.customer();
    const primary = await rig.primary({ mode: 'spot' }, tenant);
    const replicaId = await primary.addReplica();
    await primary.putReplica(replicaId, 'i-0standby');
    await primary.deleteReplica(replicaId);
    aws.set(tenant, 'i-0standby', 'terminated');
    rig.pass(5 * minute);
    expect(await aws.run()).toEqual(look);
    expect(await primary.replicas()).toMatchObject([{ status: 'terminated', terminationConfirmed: true }]);
    expect((await primary.instances())['i-0standby']).toMatchObject({ terminationConfirmed: true });
  });

  it('is never the primary, nor an instance that serves', async () => {
    const tenant = await aws.customer();
    const primary = await rig.primary({}, tenant);
    aws.set(tenant, primary, 'terminated');
    rig.pass(24 * hour);
    expect(await aws.run()).toEqual([]);
    expect(await primary.row()).toMatchObject({ isPrimary: true, instanceStatus: 'running_primary' });
  });

  it('is looked up again by the next run while it shuts down', async () => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    aws.set(tenant, old, 'shutting-down');
    rig.pass(2 * hour);
    await aws.run();
    expect(await old.row()).toMatchObject({ terminationConfirmed: false, ec2State: 'shutting-down' });
    aws.set(tenant, old, 'terminated');
    rig.pass(minute);
    expect(await aws.run()).toEqual(look);
    expect(await old.row()).toMatchObject({ terminationConfirmed: true });
    expect(await aws.notified(tenant)).toEqual([]);
  });

  it('is looked up in the region of its zone, whatever region its agent claims', async () => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant, { region: 'us-east-1', az: 'eu-west-1b' });
    aws.set(tenant, old, 'terminated');
    rig.pass(hour);
    expect(await aws.run()).toEqual(['AssumeRole', 'DescribeInstances eu-west-1']);
    expect(await old.row()).toMatchObject({ terminationConfirmed: true });
  });

  it('is not looked up if its region is malformed, as that would become part of a host name', async () => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    const odd = { region: 'x.example.com/', az: 'evil#1a' };
    await rig.db.updateTable('instances').set(odd).where('id', '=', old.id).execute();
    rig.pass(2 * hour);
    expect(await aws.run()).toEqual([]);
    expect(await aws.notified(tenant)).toMatchObject([{ eventType: 'instance_not_confirmed' }]);
  });

  it('is found among many on several pages, some of them unknown to EC2', async () => {
    const tenant = await aws.customer();
    const instances = [];
    for (let i = 0; i < 12; i += 1) instances.push((await aws.replaced(tenant)).old);
    for (const instance of instances.slice(0, 11)) aws.set(tenant, instance, 'terminated');
    aws.ec2.pageSize = 5;
    rig.pass(11 * minute);
    expect(await aws.run()).toEqual(['AssumeRole', ...Array(3).fill('DescribeInstances us-east-1')]);
    const rows = await Promise.all(instances.map((instance) => instance.row()));
    expect(rows.map((row) => row.terminationConfirmed)).toEqual([...Array(11).fill(true), false]);
    expect(rows[11]).toMatchObject({ ec2State: 'not-found' });
  });
});

describe('an instance that is still there', () => {
  it.each([
    'pending',
    'running',
    'stopping',
    'stopped',
  ] as const)('and %s is looked up after 5, 10, 20, … minutes, and reported daily after an hour', async (state) => {
    const tenant = await aws.customer();
    const { old, dueAt } = await aws.replaced(tenant);
    aws.set(tenant, old, state);
    rig.pass(10 * minute);
    await aws.run();
    const checkedAfter = [5];
    const days = new Set<string>();
    for (let i = 0; i < 12; i += 1) {
      expect(await aws.runWhenDue(old)).toEqual(look);
      const after = (rig.clock.now().getTime() - dueAt.getTime()) / 60_000;
      checkedAfter.push(after);
      if (after >= 60) days.add(rig.clock.now().toISOString().slice(0, 10));
      expect(await aws.notified(tenant), `after ${after} minutes`).toHaveLength(days.size);
    }
    expect(checkedAfter.slice(0, 10)).toEqual([5, 10, 20, 40, 60, 140, 300, 620, 980, 1340]);
    expect(days.size).toBeGreaterThan(1);
    expect(await old.row()).toMatchObject({ terminationConfirmed: false, ec2State: state, ec2Checks: 13 });
  });

  it('is reported with its state, since when it should be gone, and what it costs', async () => {
    const tenant = await aws.customer();
    const { old, dueAt } = await aws.replaced(tenant);
    aws.set(tenant, old, 'running');
    rig.pass(2 * hour);
    await aws.run();
    const [event] = await aws.notified(tenant);
    expect(event).toMatchObject({ eventType: 'instance_still_running', severity: 'error', instanceId: old.id });
    for (const word of [old.id, 'running', dueAt.toISOString(), '0.031 USD an hour'])
      expect(event!.message).toContain(word);
  });

  it('is reported without an hourly cost while it is stopped', async () => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    aws.set(tenant, old, 'stopped');
    rig.pass(2 * hour);
    await aws.run();
    expect((await aws.notified(tenant))[0]!.message).not.toContain('USD');
  });

  it('is listed for one more attempt after each look-up once its agent has used up all of them', async () => {
    const tenant = await aws.customer();
    const { old, next } = await aws.replaced(tenant);
    aws.set(tenant, old, 'running');
    const listed = async () => (await next.instancesToTerminate()).body.instances.length;
    rig.pass(10 * minute);
    for (let i = 0; i < 12; i += 1) {
      expect(await listed()).toBe(1);
      await next.terminationReport(old.id, false);
      rig.pass(5 * minute);
    }
    expect(await listed()).toBe(0);
    for (let i = 0; i < 3; i += 1) {
      await (i === 0 ? aws.run() : aws.runWhenDue(old));
      expect(await listed()).toBe(1);
      await next.terminationReport(old.id, false);
      rig.pass(5 * minute);
      expect(await listed()).toBe(0);
    }
  });

  it('is looked up hourly and not reported if the tenant keeps it, and confirmed once it ends', async () => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    await old.set({ autoTerminateEnabled: false });
    aws.set(tenant, old, 'running');
    rig.pass(10 * minute);
    await aws.run();
    for (let i = 0; i < 30; i += 1) {
      rig.pass(hour - 1);
      if (i < 2) expect(await aws.run()).toEqual([]);
      rig.pass(1);
      expect(await aws.run()).toEqual(look);
    }
    expect(await aws.notified(tenant)).toEqual([]);
    aws.set(tenant, old, 'terminated');
    rig.pass(hour);
    await aws.run();
    expect(await old.row()).toMatchObject({ terminationConfirmed: true });
  });

  it('is reported if it is a standby that the tenant let go, even if replaced instances are kept', async () => {
    const tenant = await aws.customer();
    const primary = await rig.primary({ mode: 'spot' }, tenant);
    const id = `i-${randomUUID().slice(0, 8)}`;
    const replicaId = await primary.addReplica();
    await primary.putReplica(replicaId, id);
    await primary.deleteReplica(replicaId);
    await primary.set({ autoTerminateEnabled: false });
    aws.set(tenant, id, 'running');
    rig.pass(2 * hour);
    await aws.run();
    expect(await aws.notified(tenant)).toMatchObject([{ eventType: 'instance_still_running', instanceId: id }]);
  });
});

describe('an instance that EC2 does not know', () => {
  it('counts as gone an hour after it was due, and not before, dated to when it was due', async () => {
    const tenant = await aws.customer();
    const { old, dueAt } = await aws.replaced(tenant);
    await rig.db.updateTable('instances').set({ lastSeenAt: null }).where('id', '=', old.id).execute();
    rig.pass(10 * minute);
    await aws.run();
    for (let i = 0; i < 3; i += 1) {
      await aws.runWhenDue(old);
      expect(await old.row()).toMatchObject({ terminationConfirmed: false, ec2State: 'not-found' });
    }
    await aws.runWhenDue(old);
    expect(rig.clock.now().getTime() - dueAt.getTime()).toBe(hour * 1000);
    expect(await old.row()).toMatchObject({ terminationConfirmed: true, terminatedAt: dueAt });
    expect(await old.events('instance_terminated')).toHaveLength(1);
    expect(await aws.notified(tenant)).toEqual([]);
  });

  it('does not count as gone while its agent still calls from it', async () => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    rig.pass(2 * hour);
    await old.heartbeat();
    rig.pass(30 * minute);
    await aws.run();
    expect(await old.row()).toMatchObject({ terminationConfirmed: false, ec2State: 'not-found' });
    expect(await aws.notified(tenant)).toMatchObject([{ eventType: 'instance_not_confirmed', severity: 'warning' }]);
  });

  it('does not count as gone if the role is in another account than the instances', async () => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    await rig.db.updateTable('clients').set({ awsAccountId: '000000000001' }).where('id', '=', tenant.id).execute();
    rig.pass(5 * hour);
    expect(await aws.run()).toEqual(look);
    expect(await old.row()).toMatchObject({ terminationConfirmed: false });
    expect(await aws.notified(tenant)).toMatchObject([{ eventType: 'instance_not_confirmed' }]);
  });
});

describe('a tenant without access', () => {
  it('is notified once a day of instances that nobody saw go, from the first hour on', async () => {
    const tenant = await aws.customer({ access: false });
    const { old } = await aws.replaced(tenant);
    rig.pass(10 * minute);
    expect(await aws.run()).toEqual([]);
    rig.pass(54 * minute);
    await aws.run();
    expect(await aws.notified(tenant)).toEqual([]);
    rig.pass(minute);
    await aws.run();
    expect(await aws.notified(tenant)).toMatchObject([
      { eventType: 'instance_not_confirmed', severity: 'warning', instanceId: old.id },
    ]);
    expect((await aws.notified(tenant))[0]!.message).toContain('docs/overview.md');
    const days = new Set([rig.clock.now().toISOString().slice(0, 10)]);
    for (let i = 0; i < 8; i += 1) {
      await aws.runWhenDue(old);
      days.add(rig.clock.now().toISOString().slice(0, 10));
      expect(await aws.notified(tenant)).toHaveLength(days.size);
    }
    expect(days.size).toBeGreaterThan(1);
    expect(aws.asked).toEqual([]);
  });

  it('is not notified of those that it keeps', async () => {
    const tenant = await aws.customer({ access: false });
    const { old } = await aws.replaced(tenant);
    await old.set({ autoTerminateEnabled: false });
    rig.pass(30 * hour);
    await aws.run();
    expect(await aws.notified(tenant)).toEqual([]);
  });

  it('has its instances looked up by the next run once it gives access', async () => {
    const tenant = await aws.customer({ access: false });
    const { old } = await aws.replaced(tenant);
    aws.set(tenant, old, 'terminated');
    rig.pass(2 * hour);
    await aws.run();
    await rig.asAdmin('PUT', `/api/admin/clients/${tenant.id}/aws-access`, {
      aws_account_id: tenant.account,
      role_arn: tenant.roleArn,
    });
    rig.pass(minute);
    expect(await aws.run()).toEqual(look);
    expect(await old.row()).toMatchObject({ terminationConfirmed: true });
  });
});

describe('a run', () => {
  /** Data API calls of a run, less the job's own two: its lease is taken and given back. */
  async function calls(): Promise<number> {
    const before = rig.controlPlane.dataApi.calls;
    await aws.run();
    return rig.controlPlane.dataApi.calls - before - 2;
  }

  it('with nothing due takes 3 Data API calls: for leaving instances, silent primaries and lost launches', async () => {
    const tenant = await aws.customer();
    await aws.replaced(tenant);
    await aws.run(); // the job's row is there from now on
    expect(await calls()).toBe(3);
  });

  it('with many instances gone takes one call for each and a few for all', async () => {
    const tenant = await aws.customer();
    for (let i = 0; i < 10; i += 1) aws.set(tenant, (await aws.replaced(tenant)).old, 'terminated');
    rig.pass(10 * minute);
    expect(await calls()).toBeLessThanOrEqual(10 + 6);
  });

  it('with many instances still there takes a few calls for all', async () => {
    const tenant = await aws.customer();
    for (let i = 0; i < 10; i += 1) aws.set(tenant, (await aws.replaced(tenant)).old, 'running');
    rig.pass(2 * hour);
    expect(await calls()).toBeLessThanOrEqual(7);
    expect(await aws.notified(tenant)).toHaveLength(10);
  });

  it('that is cut off anywhere does no harm: the next one does the rest, and nothing is reported twice', async () => {
    for (const when of ['before', 'after'] as const)
      for (let cut = 0; ; cut += 1) {
        if (!isTried(cut, when.length, 3)) continue;
        const tenant = await aws.customer();
        const instances = [await aws.replaced(tenant), await aws.replaced(tenant), await aws.replaced(tenant)].map(
          ({ old }) => old,
        );
        const [gone, unknown, still] = instances as [TestInstance, TestInstance, TestInstance];
        aws.set(tenant, gone, 'terminated');
        aws.set(tenant, still, 'running');
        rig.pass(2 * hour);
        let call = 0;
        const random = () => (call++ === cut ? 0 : 1);
        const isCut = () => call > cut;
        rig.faults.inject({ error: 'AccessDeniedException', when, probability: 0.5, random });
        await aws.run().catch(() => undefined);
        rig.faults.clear();
        await rig.db.updateTable('jobRuns').set({ runningUntil: null }).execute(); // as if a killed run's lease ended
        rig.pass(minute);
        await aws.run();
        for (const instance of [gone, unknown])
          expect(await instance.row(), `${when} ${cut}`).toMatchObject({ terminationConfirmed: true });
        expect(await still.row(), `${when} ${cut}`).toMatchObject({ terminationConfirmed: false, ec2Checks: 1 });
        for (const instance of [gone, unknown]) expect(await instance.events('instance_terminated')).toHaveLength(1);
        expect(await aws.notified(tenant)).toMatchObject([
          { eventType: 'instance_still_running', instanceId: still.id },
        ]);
        await rig.db.updateTable('instances').set({ terminationConfirmed: true }).execute();
        if (!isCut()) break;
      }
  });

  it('that has little time left leaves to the next one what it has not begun', async () => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    aws.set(tenant, old, 'terminated');
    rig.pass(10 * minute);
    const event = { job: 'reconcile-instances', time: rig.clock.now().toISOString() };
    await rig.controlPlane.invoke('reconciler', event, { timeoutMs: 35_000 });
    expect(aws.asked).toEqual([]);
    expect(await aws.run()).toEqual(look);
    expect(await old.row()).toMatchObject({ terminationConfirmed: true });
  });

  it('belongs to this Lambda alone, which runs no other job', async () => {
    const time = rig.clock.now().toISOString();
    await expect(rig.controlPlane.invoke('jobs', { job: 'reconcile-instances', time })).rejects.toThrow(
      'not a job of ours',
    );
    await expect(rig.controlPlane.invoke('reconciler', { job: 'decide', time })).rejects.toThrow('not a job of ours');
  });

  it('in which one tenant fails still serves the others, however many instances that tenant has', async () => {
    const [tenant, other] = [await aws.customer(), await aws.customer()];
    const { old } = await aws.replaced(tenant);
    const { primaryOf: _, recentReports: __, ...row } = await old.row();
    const copies = Array.from({ length: 250 }, (_, i) => ({
      ...row,
      id: `i-00${String(i).padStart(4, '0')}${old.id}`,
    }));
    await rig.db.insertInto('instances').values(copies).execute();
    rig.pass(10 * minute);
    const { old: others } = await aws.replaced(other);
    aws.set(other, others, 'terminated');
    rig.pass(10 * minute);
    const broken = { error: 'AccessDeniedException', when: 'before', sql: /^insert into `aws_lookups`/ } as const;
    aws.ec2.instances = (account, region) => {
      if (account === tenant.account) rig.faults.inject(broken); // the next such statement, this tenant's
      return aws.instancesIn(account, region);
    };
    for (let i = 0; i < 3; i += 1) {
      await aws.run();
      rig.pass(minute);
    }
    aws.ec2.instances = aws.instancesIn;
    expect(await others.row()).toMatchObject({ terminationConfirmed: true });
  });

  it('whose statements are repeated counts each look-up once', async () => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    aws.set(tenant, old, 'running');
    rig.pass(10 * minute);
    rig.faults.inject({ error: 'InternalServerErrorException', when: 'after', sql: /^update `instances`/ });
    await aws.run();
    expect(await old.row()).toMatchObject({ ec2Checks: 1 });
  });
});
