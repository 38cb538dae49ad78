import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';
import { AwsCustomers, hour, look, minute } from '../../support/scenes/aws-customers.ts';

let rig: Rig;
let aws: AwsCustomers;
beforeAll(async () => {
  rig = await Rig.start();
  aws = new AwsCustomers(rig);
});
afterAll(() => rig.stop());
beforeEach(() => aws.begin());

describe('the operator', () => {
  const put = ({ id }: { id: string }, body: unknown) =>
    rig.asAdmin('PUT', `/api/admin/clients/${id}/aws-access`, body);
  const create = (body: object) => rig.asAdmin('POST', '/api/admin/clients/create', { name: randomUUID(), ...body });
  const account = '123456789012';
  const good = `arn:aws:iam::${account}:role/SpotOptimizer`;

  it('gets an external id that we generate for each tenant, whatever the request says', async () => {
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
  ])('can set the role %s', async (role) => {
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
  ])('cannot set a role with %s', async (_, role, word) => {
    const refused = await create({ aws_account_id: account, aws_role_arn: role });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body.details.aws_role_arn)).toContain(word);
    const { body } = await create({});
    const answer = await put(body.client, { aws_account_id: account, role_arn: role });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body.details.role_arn)).toContain(word);
  });

  it('cannot set a role without its account, or leave out a field in a PUT', async () => {
    expect((await create({ aws_role_arn: good })).body.details).toHaveProperty('aws_role_arn');
    const { body } = await create({});
    for (const [missing, given] of [
      ['aws_account_id', { role_arn: good }],
      ['role_arn', { aws_account_id: account }],
    ] as const)
      expect((await put(body.client, given)).body.details).toHaveProperty(missing);
    expect((await put({ id: randomUUID() }, { aws_account_id: account, role_arn: good })).status).toBe(404);
    expect((await aws.access({ id: randomUUID() } as Tenant)).status).toBe(404);
  });

  it('can remove the access', async () => {
    const tenant = await aws.customer();
    await aws.replaced(tenant);
    await put(tenant, { aws_account_id: tenant.account, role_arn: null });
    rig.pass(hour);
    expect(await aws.run()).toEqual([]);
    expect((await aws.access(tenant)).body).toMatchObject({ role_arn: null, external_id: tenant.externalId });
  });

  it('ends the pause after failures by setting the access again; an event tells that it works', async () => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    aws.set(tenant, old, 'terminated');
    aws.ec2.roles.distrust(tenant.roleArn);
    rig.pass(10 * minute);
    for (let i = 0; i < 6; i += 1) await (i === 0 ? aws.run() : aws.runWhenDue(old));
    aws.ec2.roles.trust(tenant.roleArn, tenant.externalId);
    rig.pass(minute);
    expect(await aws.run()).toEqual([]);
    await put(tenant, { aws_account_id: tenant.account, role_arn: tenant.roleArn });
    expect(await aws.run()).toEqual(look);
    expect(await old.row()).toMatchObject({ terminationConfirmed: true });
    expect((await aws.notified(tenant)).map(({ eventType }) => eventType)).toEqual([
      'aws_access_failed',
      'aws_access_restored',
    ]);
  });

  it('sees when the access was last checked and which instances should be gone, longest due first', async () => {
    const tenant = await aws.customer();
    const first = await aws.replaced(tenant, { type: 'c5.large' });
    rig.pass(minute);
    const second = await aws.replaced(tenant);
    const kept = await aws.replaced(tenant);
    await kept.old.set({ autoTerminateEnabled: false });
    aws.set(tenant, first.old, 'running');
    const checkedAt = rig.pass(9 * minute);
    await aws.run();
    expect((await aws.access(tenant)).body).toEqual({
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

  it('sees in words what fails', async () => {
    const tenant = await aws.customer();
    await aws.replaced(tenant);
    aws.ec2.roles.distrust(tenant.roleArn);
    const at = rig.pass(10 * minute);
    await aws.run();
    expect((await aws.access(tenant)).body).toMatchObject({
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

  it('sees at most a hundred instances, and how many there are', async () => {
    const tenant = await aws.customer();
    const { old } = await aws.replaced(tenant);
    const { primaryOf: _, recentReports: __, ...row } = await old.row();
    const copies = Array.from({ length: 120 }, (_, i) => ({ ...row, id: `${old.id}${i}` }));
    await rig.db.insertInto('instances').values(copies).execute();
    rig.pass(10 * minute);
    const { body } = await aws.access(tenant);
    expect(body.machines).toHaveLength(100);
    expect(body.machines_total).toBe(121);
  });
});
