import { randomInt, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Ec2Machine } from '../../../local/aws/ec2-api/describe-instances.ts';
import type { Call } from '../../../local/aws/ec2-api/faults.ts';
import type { Ec2Api } from '../../../local/aws/ec2-api/server.ts';
import type { Machine, MachineFacts } from '../../support/machine.ts';
import { Rig, type Tenant } from '../../support/rig.ts';

const minute = 60;
const hour = 60 * minute;

let rig: Rig;
let ec2: Ec2Api;
/** EC2's machines by account. */
const there = new Map<string, Map<string, Ec2Machine>>();
/** What AWS was asked since the test began. */
let asked: Call[] = [];

const machinesOf = (account: string, region: string) =>
  [...(there.get(account)?.values() ?? [])].filter(({ az }) => az.startsWith(region));

beforeAll(async () => {
  rig = await Rig.start();
  ec2 = rig.controlPlane.ec2;
  ec2.machines = (account, region) =>
    [...(there.get(account)?.values() ?? [])].filter(({ az }) => az.startsWith(region));
  ec2.onCall = (call) => void asked.push(call);
});
afterAll(() => rig.stop());
beforeEach(async () => {
  // What earlier tests left undone is none of this one's business.
  await rig.db.updateTable('instances').set({ terminationConfirmed: true }).execute();
  await rig.db.updateTable('replicaInstances').set({ ec2CheckedAt: rig.clock.now() }).execute();
  ec2.faults.clear();
  ec2.pageSize = 1000;
  asked = [];
});

interface Customer extends Tenant {
  readonly account: string;
  readonly roleArn: string;
  readonly externalId: string;
}

/** A tenant whose account lets us look into it. */
async function customer({ access = true } = {}): Promise<Customer> {
  const account = String(randomInt(10 ** 11, 10 ** 12));
  const roleArn = `arn:aws:iam::${account}:role/spot/SpotOptimizer`;
  const name = `Tenant ${randomUUID()}`;
  const { body } = await rig.asAdmin('POST', '/api/admin/clients/create', {
    name,
    aws_account_id: account,
    ...(access && { aws_role_arn: roleArn }),
  });
  const { id, token, aws_external_id: externalId } = body.client;
  ec2.roles.trust(roleArn, externalId);
  there.set(account, new Map());
  return { id, name, token, account, roleArn, externalId };
}

/** Has EC2 know a machine. */
function set(
  { account }: Customer,
  machine: Machine | string,
  state: Ec2Machine['state'],
  extra: Partial<Ec2Machine> = {},
) {
  const id = typeof machine === 'string' ? machine : machine.id;
  const { type, az } = typeof machine === 'string' ? { type: 'm5.large', az: 'us-east-1a' } : machine.facts;
  there.get(account)!.set(id, { id, state, type, az, launchedAt: rig.clock.now(), ...extra });
}

/** An agent whose machine was just replaced: the old one is a zombie, due in five minutes. */
async function replaced(tenant: Tenant, facts: Partial<MachineFacts> = {}) {
  const old = await rig.primary({ mode: 'spot', ...facts }, tenant);
  await old.report(0.1, { [old.facts.az]: 0.031 });
  const next = old.successor();
  await old.switchReport(next);
  await next.register();
  expect((await old.row()).instanceStatus).toBe('zombie');
  return { old, next, dueAt: new Date(rig.clock.now().getTime() + 5 * minute * 1000) };
}

/** Runs the job now. @returns what AWS was asked meanwhile, in a word each */
async function run(): Promise<string[]> {
  const before = asked.length;
  await rig.runJob('reconcile-machines');
  return asked.slice(before).map(({ action, region }) => (region ? `${action} ${region}` : action));
}
const look = ['AssumeRole', 'DescribeInstances us-east-1'];

/** Goes on to when a machine is to be looked at next, and looks. */
async function runWhenDue(machine: Machine) {
  const { ec2NextCheckAt } = await machine.row();
  rig.pass((ec2NextCheckAt!.getTime() - rig.clock.now().getTime()) / 1000);
  return run();
}

const tellings = [
  'machine_still_running',
  'machine_not_confirmed',
  'aws_access_failed',
  'aws_access_restored',
  'suspected_orphan',
];
/** What the tenant was told of its machines and its account, oldest first. */
const told = async ({ id }: Tenant) => {
  const events = rig.db.selectFrom('systemEvents').selectAll().where('clientId', '=', id).where('notify', '=', true);
  return events.where('eventType', 'in', tellings).orderBy('createdAt').orderBy('eventType').execute();
};
const lookups = ({ id }: Tenant) => rig.db.selectFrom('awsLookups').selectAll().where('clientId', '=', id).execute();
const access = ({ id }: Tenant) => rig.asAdmin('GET', `/api/admin/clients/${id}/aws-access`);

describe('a machine that should be gone', () => {
  it('is looked for five minutes after its wait was over, and not before', async () => {
    const tenant = await customer();
    const { old } = await replaced(tenant);
    set(tenant, old, 'terminated');
    rig.pass(10 * minute - 1);
    expect(await run()).toEqual([]);
    rig.pass(1);
    expect(await run()).toEqual(look);
    expect(await old.row()).toMatchObject({
      terminationConfirmed: true,
      instanceStatus: 'terminated',
      isActive: false,
    });
  });

  it('waits as long as its agent is told to', async () => {
    const tenant = await customer();
    const { old } = await replaced(tenant);
    await old.set({ terminateWaitSeconds: 1800 });
    rig.pass(34 * minute);
    expect(await run()).toEqual([]);
    rig.pass(minute);
    expect(await run()).toEqual(look);
  });

  it('is confirmed once EC2 says that it is terminated, since when it says, and told once whoever saw it', async () => {
    const tenant = await customer();
    const { old, next } = await replaced(tenant);
    const endedAt = rig.pass(6 * minute);
    set(tenant, old, 'terminated', { endedAt });
    rig.pass(4 * minute);
    await run();
    expect((await old.row()).terminatedAt).toEqual(endedAt);
    await next.terminationReport(old.id);
    expect(await old.events('instance_terminated')).toHaveLength(1);
    expect((await next.instancesToTerminate()).body.instances).toEqual([]);
    rig.pass(hour);
    expect(await run()).toEqual([]);
  });

  it('is not looked for when its agent has seen it go', async () => {
    const tenant = await customer();
    const { old, next } = await replaced(tenant);
    await next.terminationReport(old.id);
    rig.pass(hour);
    expect(await run()).toEqual([]);
  });

  it('may be a standby, whose row is closed with it', async () => {
    const tenant = await customer();
    const primary = await rig.primary({ mode: 'spot' }, tenant);
    const replicaId = await primary.addReplica();
    await primary.putReplica(replicaId, 'i-0standby');
    await primary.deleteReplica(replicaId);
    set(tenant, 'i-0standby', 'terminated');
    rig.pass(5 * minute);
    expect(await run()).toEqual(look);
    expect(await primary.replicas()).toMatchObject([{ status: 'terminated', terminationConfirmed: true }]);
    expect((await primary.machines())['i-0standby']).toMatchObject({ terminationConfirmed: true });
  });

  it('is never the primary, nor a machine that serves', async () => {
    const tenant = await customer();
    const primary = await rig.primary({}, tenant);
    set(tenant, primary, 'terminated');
    rig.pass(24 * hour);
    expect(await run()).toEqual([]);
    expect(await primary.row()).toMatchObject({ isPrimary: true, instanceStatus: 'running_primary' });
  });

  it('is looked for again at once while it shuts down', async () => {
    const tenant = await customer();
    const { old } = await replaced(tenant);
    set(tenant, old, 'shutting-down');
    rig.pass(2 * hour);
    await run();
    expect(await old.row()).toMatchObject({ terminationConfirmed: false, ec2State: 'shutting-down' });
    set(tenant, old, 'terminated');
    rig.pass(minute);
    expect(await run()).toEqual(look);
    expect(await old.row()).toMatchObject({ terminationConfirmed: true });
    expect(await told(tenant)).toEqual([]);
  });

  it('is asked for in its zone’s region, whatever its agent took from its environment', async () => {
    const tenant = await customer();
    const { old } = await replaced(tenant, { region: 'us-east-1', az: 'eu-west-1b' });
    set(tenant, old, 'terminated');
    rig.pass(hour);
    expect(await run()).toEqual(['AssumeRole', 'DescribeInstances eu-west-1']);
    expect(await old.row()).toMatchObject({ terminationConfirmed: true });
  });

  it('has no part in a host name if its region has not the shape of one', async () => {
    const tenant = await customer();
    await replaced(tenant, { region: 'x.example.com/', az: 'evil#1a' });
    rig.pass(2 * hour);
    expect(await run()).toEqual([]);
    expect(await told(tenant)).toMatchObject([{ eventType: 'machine_not_confirmed' }]);
  });

  it('is one of many, on several pages, some of which EC2 does not know', async () => {
    const tenant = await customer();
    const machines = [];
    for (let i = 0; i < 12; i += 1) machines.push((await replaced(tenant)).old);
    for (const machine of machines.slice(0, 11)) set(tenant, machine, 'terminated');
    ec2.pageSize = 5;
    rig.pass(11 * minute);
    expect(await run()).toEqual(['AssumeRole', ...Array(3).fill('DescribeInstances us-east-1')]);
    const rows = await Promise.all(machines.map((machine) => machine.row()));
    expect(rows.map((row) => row.terminationConfirmed)).toEqual([...Array(11).fill(true), false]);
    expect(rows[11]).toMatchObject({ ec2State: 'not-found' });
  });
});

describe('a machine that is still there', () => {
  it.each([
    'pending',
    'running',
    'stopping',
    'stopped',
  ] as const)('and %s is looked at after 5, 10, 20, … minutes, up to six hours, and told once a day from the first hour on', async (state) => {
    const tenant = await customer();
    const { old, dueAt } = await replaced(tenant);
    set(tenant, old, state);
    rig.pass(10 * minute);
    await run();
    const checkedAfter = [5];
    const days = new Set<string>();
    for (let i = 0; i < 12; i += 1) {
      expect(await runWhenDue(old)).toEqual(look);
      const after = (rig.clock.now().getTime() - dueAt.getTime()) / 60_000;
      checkedAfter.push(after);
      if (after >= 60) days.add(rig.clock.now().toISOString().slice(0, 10));
      expect(await told(tenant), `after ${after} minutes`).toHaveLength(days.size);
    }
    expect(checkedAfter.slice(0, 10)).toEqual([5, 10, 20, 40, 60, 140, 300, 620, 980, 1340]);
    expect(days.size).toBeGreaterThan(1);
    expect(await old.row()).toMatchObject({ terminationConfirmed: false, ec2State: state, ec2Checks: 13 });
  });

  it('is told with what EC2 says, since when it should be gone, and what it costs', async () => {
    const tenant = await customer();
    const { old, dueAt } = await replaced(tenant);
    set(tenant, old, 'running');
    rig.pass(2 * hour);
    await run();
    const [event] = await told(tenant);
    expect(event).toMatchObject({ eventType: 'machine_still_running', severity: 'error', instanceId: old.id });
    for (const word of [old.id, 'running', dueAt.toISOString(), '0.031 USD an hour'])
      expect(event!.message).toContain(word);
  });

  it('costs nothing by the hour while it is stopped', async () => {
    const tenant = await customer();
    const { old } = await replaced(tenant);
    set(tenant, old, 'stopped');
    rig.pass(2 * hour);
    await run();
    expect((await told(tenant))[0]!.message).not.toContain('USD');
  });

  it('gives its agent one more try when its tries are used up, again and again but slowly', async () => {
    const tenant = await customer();
    const { old, next } = await replaced(tenant);
    set(tenant, old, 'running');
    const listed = async () => (await next.instancesToTerminate()).body.instances.length;
    rig.pass(10 * minute);
    for (let i = 0; i < 12; i += 1) {
      expect(await listed()).toBe(1);
      await next.terminationReport(old.id, false);
      rig.pass(5 * minute);
    }
    expect(await listed()).toBe(0);
    for (let i = 0; i < 3; i += 1) {
      await (i === 0 ? run() : runWhenDue(old));
      expect(await listed()).toBe(1);
      await next.terminationReport(old.id, false);
      rig.pass(5 * minute);
      expect(await listed()).toBe(0);
    }
  });

  it('is left alone where the tenant keeps it, looked at by the hour, and confirmed when the tenant ends it', async () => {
    const tenant = await customer();
    const { old } = await replaced(tenant);
    await old.set({ autoTerminateEnabled: false });
    set(tenant, old, 'running');
    rig.pass(10 * minute);
    await run();
    for (let i = 0; i < 30; i += 1) {
      rig.pass(hour - 1);
      if (i < 2) expect(await run()).toEqual([]);
      rig.pass(1);
      expect(await run()).toEqual(look);
    }
    expect(await told(tenant)).toEqual([]);
    set(tenant, old, 'terminated');
    rig.pass(hour);
    await run();
    expect(await old.row()).toMatchObject({ terminationConfirmed: true });
  });

  it('is told of where it is a standby that the tenant let go, whether or not replaced ones are kept', async () => {
    const tenant = await customer();
    const primary = await rig.primary({ mode: 'spot' }, tenant);
    const id = `i-${randomUUID().slice(0, 8)}`;
    const replicaId = await primary.addReplica();
    await primary.putReplica(replicaId, id);
    await primary.deleteReplica(replicaId);
    await primary.set({ autoTerminateEnabled: false });
    set(tenant, id, 'running');
    rig.pass(2 * hour);
    await run();
    expect(await told(tenant)).toMatchObject([{ eventType: 'machine_still_running', instanceId: id }]);
  });
});

describe('a machine that EC2 does not know', () => {
  it('counts as gone an hour after it was due, not before, since it was heard of last', async () => {
    const tenant = await customer();
    const { old, dueAt } = await replaced(tenant);
    await rig.db.updateTable('instances').set({ lastSeenAt: null }).where('id', '=', old.id).execute();
    rig.pass(10 * minute);
    await run();
    for (let i = 0; i < 3; i += 1) {
      await runWhenDue(old);
      expect(await old.row()).toMatchObject({ terminationConfirmed: false, ec2State: 'not-found' });
    }
    await runWhenDue(old);
    expect(rig.clock.now().getTime() - dueAt.getTime()).toBe(hour * 1000);
    expect(await old.row()).toMatchObject({ terminationConfirmed: true, terminatedAt: dueAt });
    expect(await old.events('instance_terminated')).toHaveLength(1);
    expect(await told(tenant)).toEqual([]);
  });

  it('does not while its agent still calls from it', async () => {
    const tenant = await customer();
    const { old } = await replaced(tenant);
    rig.pass(2 * hour);
    await old.heartbeat();
    rig.pass(30 * minute);
    await run();
    expect(await old.row()).toMatchObject({ terminationConfirmed: false, ec2State: 'not-found' });
    expect(await told(tenant)).toMatchObject([{ eventType: 'machine_not_confirmed', severity: 'warning' }]);
  });

  it('does not where the role is in another account than the machines', async () => {
    const tenant = await customer();
    const { old } = await replaced(tenant);
    await rig.db.updateTable('clients').set({ awsAccountId: '000000000001' }).where('id', '=', tenant.id).execute();
    rig.pass(5 * hour);
    expect(await run()).toEqual(look);
    expect(await old.row()).toMatchObject({ terminationConfirmed: false });
    expect(await told(tenant)).toMatchObject([{ eventType: 'machine_not_confirmed' }]);
  });
});

describe('a tenant without access', () => {
  it('is told once a day of machines that nobody saw go, from the first hour on', async () => {
    const tenant = await customer({ access: false });
    const { old } = await replaced(tenant);
    rig.pass(10 * minute);
    expect(await run()).toEqual([]);
    rig.pass(54 * minute);
    await run();
    expect(await told(tenant)).toEqual([]);
    rig.pass(minute);
    await run();
    expect(await told(tenant)).toMatchObject([
      { eventType: 'machine_not_confirmed', severity: 'warning', instanceId: old.id },
    ]);
    expect((await told(tenant))[0]!.message).toContain('docs/overview.md');
    const days = new Set([rig.clock.now().toISOString().slice(0, 10)]);
    for (let i = 0; i < 8; i += 1) {
      await runWhenDue(old);
      days.add(rig.clock.now().toISOString().slice(0, 10));
      expect(await told(tenant)).toHaveLength(days.size);
    }
    expect(days.size).toBeGreaterThan(1);
    expect(asked).toEqual([]);
  });

  it('is not told of those that it keeps', async () => {
    const tenant = await customer({ access: false });
    const { old } = await replaced(tenant);
    await old.set({ autoTerminateEnabled: false });
    rig.pass(30 * hour);
    await run();
    expect(await told(tenant)).toEqual([]);
  });

  it('has them looked for by the next run once it gives some', async () => {
    const tenant = await customer({ access: false });
    const { old } = await replaced(tenant);
    set(tenant, old, 'terminated');
    rig.pass(2 * hour);
    await run();
    await rig.asAdmin('PUT', `/api/admin/clients/${tenant.id}/aws-access`, {
      aws_account_id: tenant.account,
      role_arn: tenant.roleArn,
    });
    rig.pass(minute);
    expect(await run()).toEqual(look);
    expect(await old.row()).toMatchObject({ terminationConfirmed: true });
  });
});

describe('the role', () => {
  it('is taken on with the tenant’s external id, once a run, for nothing but to describe machines', async () => {
    const tenant = await customer();
    await replaced(tenant);
    await replaced(tenant, { region: 'eu-west-1', az: 'eu-west-1a' });
    rig.pass(10 * minute);
    expect((await run()).toSorted()).toEqual([
      'AssumeRole',
      'DescribeInstances eu-west-1',
      'DescribeInstances us-east-1',
    ]);
    const [{ parameters }] = asked as [Call];
    expect(parameters.get('RoleArn')).toBe(tenant.roleArn);
    expect(parameters.get('ExternalId')).toBe(tenant.externalId);
    expect(JSON.parse(parameters.get('Policy')!).Statement).toEqual([
      { Effect: 'Allow', Action: 'ec2:DescribeInstances', Resource: '*' },
    ]);
  });

  it('of another tenant is of no use: its trust names that tenant’s external id', async () => {
    const [victim, thief] = [await customer(), await customer()];
    await rig.asAdmin('PUT', `/api/admin/clients/${thief.id}/aws-access`, {
      aws_account_id: victim.account,
      role_arn: victim.roleArn,
    });
    const { old } = await replaced(thief);
    rig.pass(2 * hour);
    expect(await run()).toEqual(['AssumeRole']);
    expect(await old.row()).toMatchObject({ terminationConfirmed: false });
    expect(await told(thief)).toMatchObject([{ eventType: 'aws_access_failed' }]);
  });
});

describe('access that is denied', () => {
  const denials = [
    ['AccessDenied', 'AssumeRole', 'trust policy'],
    ['UnauthorizedOperation', 'DescribeInstances', 'ec2:DescribeInstances'],
    ['AuthFailure', 'DescribeInstances', 'us-east-1'],
    ['OptInRequired', 'DescribeInstances', 'enabled'],
  ] as const;

  it.each(denials)('(%s) is told at once, in words, and holds no other tenant up', async (error, action, word) => {
    const [tenant, other] = [await customer(), await customer()];
    const [{ old }, { old: others }] = [await replaced(tenant), await replaced(other)];
    for (const [of, machine] of [
      [tenant, old],
      [other, others],
    ] as const)
      set(of, machine, 'terminated');
    ec2.faults.inject({ error, action, account: tenant.account });
    rig.pass(10 * minute);
    await run();
    expect(await others.row()).toMatchObject({ terminationConfirmed: true });
    expect(await old.row()).toMatchObject({ terminationConfirmed: false });
    const [event, ...more] = await told(tenant);
    expect(more).toEqual([]);
    expect(event).toMatchObject({ eventType: 'aws_access_failed', severity: 'error' });
    for (const part of [error, word, tenant.roleArn]) expect(event!.message).toContain(part);
    expect(event!.message).not.toMatch(/000000000000|ASIA|external-/);
    expect(await told(other)).toEqual([]);
  });

  it.each(denials)('(%s) is tried again after 1, 2, 4, … 60 minutes, and told once a day', async (error, action) => {
    const tenant = await customer();
    const { old } = await replaced(tenant);
    ec2.faults.inject({ error, action });
    rig.pass(10 * minute);
    const days = new Set<string>();
    const pauses: number[] = [];
    for (let i = 0; i < 34; i += 1) {
      const tried = i === 0 ? await run() : await runWhenDue(old);
      expect(tried).toContain(action === 'AssumeRole' ? action : `${action} us-east-1`);
      days.add(rig.clock.now().toISOString().slice(0, 10));
      pauses.push(((await old.row()).ec2NextCheckAt!.getTime() - rig.clock.now().getTime()) / 60_000);
    }
    expect(pauses.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(days.size).toBeGreaterThan(1);
    expect(await told(tenant)).toHaveLength(days.size);
  });

  it('is told whatever the length of the role’s name', async () => {
    const tenant = await customer();
    const roleArn = `arn:aws:iam::${tenant.account}:role/${'p'.repeat(500)}/SpotOptimizer${'x'.repeat(51)}`;
    const { status } = await rig.asAdmin('PUT', `/api/admin/clients/${tenant.id}/aws-access`, {
      aws_account_id: tenant.account,
      role_arn: roleArn,
    });
    expect(status).toBe(200);
    await replaced(tenant);
    rig.pass(10 * minute);
    await run();
    expect(await told(tenant)).toMatchObject([{ message: expect.stringContaining('trust policy') }]);
    expect(await lookups(tenant)).toMatchObject([{ failures: 1 }]);
  });

  it('is not tried anew for each machine that comes due meanwhile', async () => {
    const tenant = await customer();
    await replaced(tenant);
    ec2.roles.distrust(tenant.roleArn);
    rig.pass(8 * minute);
    const { old: second } = await replaced(tenant);
    rig.pass(2 * minute);
    for (let i = 0; i < 9; i += 1) {
      await run();
      rig.pass(minute);
    }
    expect(asked).toHaveLength(4); // at 0, 1, 3 and 7 minutes
    expect(await run()).toEqual([]); // the second has come due
    expect((await second.row()).ec2NextCheckAt).toEqual((await lookups(tenant))[0]!.nextAt);
  });

  it('is told of again, once, when it works again', async () => {
    const tenant = await customer();
    const { old } = await replaced(tenant);
    set(tenant, old, 'running');
    const repair = ec2.faults.inject({ error: 'UnauthorizedOperation', action: 'DescribeInstances' });
    rig.pass(10 * minute);
    await run();
    repair();
    for (let i = 0; i < 3; i += 1) await runWhenDue(old);
    expect((await told(tenant)).map(({ eventType }) => eventType)).toEqual([
      'aws_access_failed',
      'aws_access_restored',
    ]);
    expect(await lookups(tenant)).toMatchObject([{ failures: 0, failingSince: null, error: null, nextAt: null }]);
    expect(await old.row()).toMatchObject({ ec2State: 'running' });
  });

  it('in one region is no matter of another', async () => {
    const tenant = await customer();
    const [{ old: here }, { old: elsewhere }] = [
      await replaced(tenant),
      await replaced(tenant, { region: 'eu-west-1', az: 'eu-west-1a' }),
    ];
    set(tenant, here, 'terminated');
    set(tenant, elsewhere, 'terminated');
    const repair = ec2.faults.inject({ error: 'OptInRequired', action: 'DescribeInstances', region: 'eu-west-1' });
    rig.pass(10 * minute);
    await run();
    expect(await here.row()).toMatchObject({ terminationConfirmed: true });
    expect(await elsewhere.row()).toMatchObject({ terminationConfirmed: false });
    repair();
    await runWhenDue(elsewhere);
    expect(await elsewhere.row()).toMatchObject({ terminationConfirmed: true });
    expect((await told(tenant)).map(({ eventType }) => eventType)).toEqual([
      'aws_access_failed',
      'aws_access_restored',
    ]);
  });
});

describe('AWS that does not answer', () => {
  it.each([
    ['RequestLimitExceeded', 'DescribeInstances'],
    ['InternalError', 'DescribeInstances'],
    ['Unavailable', 'DescribeInstances'],
    ['disconnect', 'DescribeInstances'],
    ['Throttling', 'AssumeRole'],
    ['disconnect', 'AssumeRole'],
  ] as const)('(%s of %s) is told only when that has gone on for an hour', async (error, action) => {
    const tenant = await customer();
    const { old } = await replaced(tenant);
    const repair = ec2.faults.inject({ error, action });
    rig.pass(10 * minute);
    const since = rig.clock.now().getTime();
    await run();
    while (rig.clock.now().getTime() - since < hour * 1000) {
      expect(await told(tenant)).toEqual([]);
      await runWhenDue(old);
    }
    expect(await told(tenant)).toMatchObject([{ eventType: 'aws_access_failed', severity: 'warning' }]);
    repair();
    await runWhenDue(old);
    expect((await told(tenant)).map(({ eventType }) => eventType)).toContain('aws_access_restored');
  });

  it('and passes is never told, nor that it works again', async () => {
    const tenant = await customer();
    const { old } = await replaced(tenant);
    set(tenant, old, 'terminated');
    ec2.faults.inject({ error: 'InternalError', action: 'DescribeInstances', times: 2 }); // the SDK tries twice
    rig.pass(10 * minute);
    await run();
    expect(await old.row()).toMatchObject({ terminationConfirmed: false });
    rig.pass(minute);
    await run();
    expect(await old.row()).toMatchObject({ terminationConfirmed: true });
    expect(await told(tenant)).toEqual([]);
  });

  it('at all is not waited for: the run ends, and other tenants are served meanwhile', async () => {
    const [tenant, second, other] = [await customer(), await customer(), await customer()];
    const [{ old }, { old: others }] = [await replaced(tenant), await replaced(other)];
    await replaced(second);
    set(other, others, 'terminated');
    for (const { account } of [tenant, second]) ec2.faults.inject({ error: 'hang', account });
    rig.pass(10 * minute);
    const began = performance.now();
    await run();
    // Two tries of four seconds each, of both tenants at once.
    expect(performance.now() - began).toBeLessThan(14_000);
    expect(await others.row()).toMatchObject({ terminationConfirmed: true });
    expect((await old.row()).ec2NextCheckAt).toEqual(new Date(rig.clock.now().getTime() + 60_000));
    expect(await lookups(tenant)).toMatchObject([{ region: 'role', failures: 1 }]);
  });
});

describe('a launch that was never heard of again', () => {
  /** A standby whose launch an agent took, and which then failed. @returns when it was taken */
  async function lostLaunch(tenant: Tenant) {
    const primary = await rig.primary({ mode: 'spot' }, tenant);
    const claimedAt = rig.clock.now();
    const id = await primary.addReplica({ status: 'failed', launchClaimedAt: claimedAt, az: 'us-east-1b' });
    return { primary, id, claimedAt };
  }
  const born = (claimedAt: Date, minutes: number): Partial<Ec2Machine> => ({
    az: 'us-east-1b',
    launchedAt: new Date(claimedAt.getTime() + minutes * 60_000),
  });

  it('may have left a machine: of its type and zone, of that time, and of no agent', async () => {
    const tenant = await customer();
    const { primary, claimedAt } = await lostLaunch(tenant);
    set(tenant, 'i-0orphan', 'running', born(claimedAt, 1));
    set(tenant, 'i-0before', 'running', born(claimedAt, -1));
    set(tenant, 'i-0after', 'running', born(claimedAt, 11));
    set(tenant, 'i-0ended', 'terminated', born(claimedAt, 1));
    set(tenant, 'i-0larger', 'running', { ...born(claimedAt, 1), type: 'm5.xlarge' });
    set(tenant, 'i-0else', 'running', { ...born(claimedAt, 1), az: 'us-east-1c' });
    const known = await rig.primary({}, tenant);
    set(tenant, known, 'running', born(claimedAt, 1));
    rig.pass(19 * minute);
    expect(await run()).toEqual([]);
    rig.pass(minute);
    expect(await run()).toEqual(look);
    expect(await told(tenant)).toMatchObject([
      { eventType: 'suspected_orphan', severity: 'warning', instanceId: 'i-0orphan', agentId: primary.agentId },
    ]);
    rig.pass(minute);
    expect(await run()).toEqual([]);
  });

  it('is asked about again when EC2 did not answer, and given up after an hour', async () => {
    const tenant = await customer();
    const { claimedAt } = await lostLaunch(tenant);
    const id = `i-${randomUUID().slice(0, 8)}`;
    set(tenant, id, 'running', born(claimedAt, 5));
    ec2.faults.inject({ error: 'Unavailable', action: 'DescribeInstances', times: 2 });
    rig.pass(20 * minute);
    await run();
    expect(await told(tenant)).toEqual([]);
    rig.pass(minute);
    await run();
    expect(await told(tenant)).toMatchObject([{ eventType: 'suspected_orphan', instanceId: id }]);

    await lostLaunch(tenant);
    rig.pass(80 * minute);
    expect(await run()).toEqual([]);
  });

  it('is not asked about without access', async () => {
    const tenant = await customer({ access: false });
    await lostLaunch(tenant);
    rig.pass(20 * minute);
    expect(await run()).toEqual([]);
  });
});

describe('a run', () => {
  /** Data API calls while the job runs; two of them are the job's own. */
  async function calls(): Promise<number> {
    const before = rig.controlPlane.dataApi.calls;
    await run();
    return rig.controlPlane.dataApi.calls - before - 2;
  }

  it('with nothing due costs two Data API calls', async () => {
    const tenant = await customer();
    await replaced(tenant);
    await run(); // the job's row is there from now on
    expect(await calls()).toBe(2);
  });

  it('with many machines gone costs one for each and a few for all', async () => {
    const tenant = await customer();
    for (let i = 0; i < 10; i += 1) set(tenant, (await replaced(tenant)).old, 'terminated');
    rig.pass(10 * minute);
    expect(await calls()).toBeLessThanOrEqual(10 + 6);
  });

  it('with many machines still there costs a few for all', async () => {
    const tenant = await customer();
    for (let i = 0; i < 10; i += 1) set(tenant, (await replaced(tenant)).old, 'running');
    rig.pass(2 * hour);
    expect(await calls()).toBeLessThanOrEqual(7);
    expect(await told(tenant)).toHaveLength(10);
  });

  it('that is cut off anywhere does no harm: the next one does what is left, and nothing is told twice', async () => {
    for (const when of ['before', 'after'] as const)
      for (let cut = 0; ; cut += 1) {
        const tenant = await customer();
        const machines = [await replaced(tenant), await replaced(tenant), await replaced(tenant)].map(({ old }) => old);
        const [gone, unknown, still] = machines as [Machine, Machine, Machine];
        set(tenant, gone, 'terminated');
        set(tenant, still, 'running');
        rig.pass(2 * hour);
        let call = 0;
        const random = () => (call++ === cut ? 0 : 1);
        const isCut = () => call > cut;
        rig.faults.inject({ error: 'AccessDeniedException', when, probability: 0.5, random });
        await run().catch(() => undefined);
        rig.faults.clear();
        await rig.db.updateTable('jobRuns').set({ runningUntil: null }).execute(); // as if a killed run's lock had ended
        rig.pass(minute);
        await run();
        for (const machine of [gone, unknown])
          expect(await machine.row(), `${when} ${cut}`).toMatchObject({ terminationConfirmed: true });
        expect(await still.row(), `${when} ${cut}`).toMatchObject({ terminationConfirmed: false, ec2Checks: 1 });
        for (const machine of [gone, unknown]) expect(await machine.events('instance_terminated')).toHaveLength(1);
        expect(await told(tenant)).toMatchObject([{ eventType: 'machine_still_running', instanceId: still.id }]);
        await rig.db.updateTable('instances').set({ terminationConfirmed: true }).execute();
        if (!isCut()) break;
      }
  });

  it('that has little time left leaves to the next one what it has not begun', async () => {
    const tenant = await customer();
    const { old } = await replaced(tenant);
    set(tenant, old, 'terminated');
    rig.pass(10 * minute);
    const event = { job: 'reconcile-machines', time: rig.clock.now().toISOString() };
    await rig.controlPlane.invoke('reconciler', event, { timeoutMs: 35_000 });
    expect(asked).toEqual([]);
    expect(await run()).toEqual(look);
    expect(await old.row()).toMatchObject({ terminationConfirmed: true });
  });

  it('is of no other Lambda, nor another job of this one', async () => {
    const time = rig.clock.now().toISOString();
    await expect(rig.controlPlane.invoke('jobs', { job: 'reconcile-machines', time })).rejects.toThrow(
      'not a job of ours',
    );
    await expect(rig.controlPlane.invoke('reconciler', { job: 'decide', time })).rejects.toThrow('not a job of ours');
  });

  it('in which one tenant cannot be dealt with deals with the others, however many machines that one has', async () => {
    const [tenant, other] = [await customer(), await customer()];
    const { old } = await replaced(tenant);
    const { primaryOf: _, recentReports: __, ...row } = await old.row();
    const copies = Array.from({ length: 250 }, (_, i) => ({
      ...row,
      id: `i-00${String(i).padStart(4, '0')}${old.id}`,
    }));
    await rig.db.insertInto('instances').values(copies).execute();
    rig.pass(10 * minute);
    const { old: others } = await replaced(other);
    set(other, others, 'terminated');
    rig.pass(10 * minute);
    const broken = { error: 'AccessDeniedException', when: 'before', sql: /^insert into `aws_lookups`/ } as const;
    ec2.machines = (account, region) => {
      if (account === tenant.account) rig.faults.inject(broken); // of the next such statement, which is this tenant's
      return machinesOf(account, region);
    };
    for (let i = 0; i < 3; i += 1) {
      await run();
      rig.pass(minute);
    }
    ec2.machines = machinesOf;
    expect(await others.row()).toMatchObject({ terminationConfirmed: true });
  });

  it('whose statements are repeated counts each look once', async () => {
    const tenant = await customer();
    const { old } = await replaced(tenant);
    set(tenant, old, 'running');
    rig.pass(10 * minute);
    rig.faults.inject({ error: 'InternalServerErrorException', when: 'after', sql: /^update `instances`/ });
    await run();
    expect(await old.row()).toMatchObject({ ec2Checks: 1 });
  });
});

describe('the operator', () => {
  const put = ({ id }: { id: string }, body: unknown) =>
    rig.asAdmin('PUT', `/api/admin/clients/${id}/aws-access`, body);
  const create = (body: object) => rig.asAdmin('POST', '/api/admin/clients/create', { name: randomUUID(), ...body });
  const account = '123456789012';
  const good = `arn:aws:iam::${account}:role/SpotOptimizer`;

  it('is given an external id of ours with each tenant, whatever is asked for', async () => {
    const ids = [];
    for (let i = 0; i < 2; i += 1)
      ids.push((await create({ aws_external_id: 'mine', external_id: 'mine' })).body.client.aws_external_id);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    good,
    `arn:aws:iam::${account}:role/a/b/SpotOptimizer-2`,
    `arn:aws-cn:iam::${account}:role/SpotOptimizerX`,
  ])('may give the role %s', async (role) => {
    expect((await create({ aws_account_id: account, aws_role_arn: role })).status).toBe(201);
    const { body } = await create({});
    expect(await put(body.client, { aws_account_id: account, role_arn: role })).toMatchObject({
      status: 200,
      body: { role_arn: role, external_id: body.client.aws_external_id },
    });
  });

  it.each([
    ['another name', `arn:aws:iam::${account}:role/Admin`, 'SpotOptimizer'],
    ['our name only in its path', `arn:aws:iam::${account}:role/SpotOptimizer/Admin`, 'SpotOptimizer'],
    ['another account', 'arn:aws:iam::123456789013:role/SpotOptimizer', 'account'],
    ['no account', 'arn:aws:iam:::role/SpotOptimizer', 'SpotOptimizer'],
    ['no role', `arn:aws:iam::${account}:user/SpotOptimizer`, 'SpotOptimizer'],
    ['a line more', `${good}\nx`, 'SpotOptimizer'],
    ['too long a path', `arn:aws:iam::${account}:role/${'x'.repeat(700)}/SpotOptimizer`, '640'],
  ])('may not give a role with %s', async (_, role, word) => {
    const refused = await create({ aws_account_id: account, aws_role_arn: role });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body.details.aws_role_arn)).toContain(word);
    const { body } = await create({});
    const answer = await put(body.client, { aws_account_id: account, role_arn: role });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body.details.role_arn)).toContain(word);
  });

  it('may not give a role without its account, nor leave out what a PUT sets', async () => {
    expect((await create({ aws_role_arn: good })).body.details).toHaveProperty('aws_role_arn');
    const { body } = await create({});
    for (const [missing, given] of [
      ['aws_account_id', { role_arn: good }],
      ['role_arn', { aws_account_id: account }],
    ] as const)
      expect((await put(body.client, given)).body.details).toHaveProperty(missing);
    expect((await put({ id: randomUUID() }, { aws_account_id: account, role_arn: good })).status).toBe(404);
    expect((await access({ id: randomUUID() } as Tenant)).status).toBe(404);
  });

  it('may take the access away', async () => {
    const tenant = await customer();
    await replaced(tenant);
    await put(tenant, { aws_account_id: tenant.account, role_arn: null });
    rig.pass(hour);
    expect(await run()).toEqual([]);
    expect((await access(tenant)).body).toMatchObject({ role_arn: null, external_id: tenant.externalId });
  });

  it('ends a pause after failures by setting it anew, and hears that it works', async () => {
    const tenant = await customer();
    const { old } = await replaced(tenant);
    set(tenant, old, 'terminated');
    ec2.roles.distrust(tenant.roleArn);
    rig.pass(10 * minute);
    for (let i = 0; i < 6; i += 1) await (i === 0 ? run() : runWhenDue(old));
    ec2.roles.trust(tenant.roleArn, tenant.externalId);
    rig.pass(minute);
    expect(await run()).toEqual([]);
    await put(tenant, { aws_account_id: tenant.account, role_arn: tenant.roleArn });
    expect(await run()).toEqual(look);
    expect(await old.row()).toMatchObject({ terminationConfirmed: true });
    expect((await told(tenant)).map(({ eventType }) => eventType)).toEqual([
      'aws_access_failed',
      'aws_access_restored',
    ]);
  });

  it('is shown how it goes and which machines should be gone, longest due first', async () => {
    const tenant = await customer();
    const first = await replaced(tenant, { type: 'c5.large' });
    rig.pass(minute);
    const second = await replaced(tenant);
    const kept = await replaced(tenant);
    await kept.old.set({ autoTerminateEnabled: false });
    set(tenant, first.old, 'running');
    const checkedAt = rig.pass(9 * minute);
    await run();
    expect((await access(tenant)).body).toEqual({
      client_id: tenant.id,
      aws_account_id: tenant.account,
      role_arn: tenant.roleArn,
      external_id: tenant.externalId,
      checked_at: checkedAt.toISOString(),
      errors: [],
      machines_total: 2,
      machines: [
        {
          id: first.old.id,
          agent_id: first.old.agentId,
          logical_agent_id: first.old.facts.logicalId,
          region: 'us-east-1',
          instance_type: 'c5.large',
          due_at: first.dueAt.toISOString(),
          ec2_state: 'running',
          checked_at: checkedAt.toISOString(),
          next_check_at: new Date(checkedAt.getTime() + 5 * 60_000).toISOString(),
          attempts: 0,
        },
        expect.objectContaining({ id: second.old.id, ec2_state: null, checked_at: null, next_check_at: null }),
      ],
    });
  });

  it('is shown what fails, in words', async () => {
    const tenant = await customer();
    await replaced(tenant);
    ec2.roles.distrust(tenant.roleArn);
    const at = rig.pass(10 * minute);
    await run();
    expect((await access(tenant)).body).toMatchObject({
      checked_at: null,
      errors: [
        {
          region: null,
          error: expect.stringContaining('trust policy'),
          failing_since: at.toISOString(),
          next_try_at: new Date(at.getTime() + 60_000).toISOString(),
        },
      ],
    });
  });

  it('is shown a hundred machines, and how many there are', async () => {
    const tenant = await customer();
    const { old } = await replaced(tenant);
    const { primaryOf: _, recentReports: __, ...row } = await old.row();
    const copies = Array.from({ length: 120 }, (_, i) => ({ ...row, id: `${old.id}${i}` }));
    await rig.db.insertInto('instances').values(copies).execute();
    rig.pass(10 * minute);
    const { body } = await access(tenant);
    expect(body.machines).toHaveLength(100);
    expect(body.machines_total).toBe(121);
  });
});
