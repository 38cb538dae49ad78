import { randomInt, randomUUID } from 'node:crypto';
import type { Ec2Instance } from '../../../local/aws/ec2-api/describe-instances.ts';
import type { Call } from '../../../local/aws/ec2-api/faults.ts';
import type { Ec2Api } from '../../../local/aws/ec2-api/server.ts';
import type { InstanceFacts } from '../agents/facts.ts';
import type { TestInstance } from '../agents/test-instance.ts';
import type { Tenant } from '../rig/api.ts';
import type { Rig } from '../rig/rig.ts';

/** Seconds, as `rig.pass` takes them. */
export const minute = 60;
export const hour = 60 * minute;

export interface Customer extends Tenant {
  readonly account: string;
  readonly roleArn: string;
  readonly externalId: string;
}

/** The AWS calls of a reconciler run that has one region to check. */
export const look = ['AssumeRole', 'DescribeInstances us-east-1'];

const notices = [
  'instance_still_running',
  'instance_not_confirmed',
  'aws_access_failed',
  'aws_access_restored',
  'suspected_orphan',
];

/** Tenants of a rig that have AWS accounts: what EC2 has in them, and what the reconciler makes of it. */
export class AwsCustomers {
  readonly ec2: Ec2Api;
  readonly #rig: Rig;
  /** EC2's instances by account. */
  readonly #there = new Map<string, Map<string, Ec2Instance>>();
  /** AWS calls since the test began. */
  asked: Call[] = [];

  constructor(rig: Rig) {
    this.#rig = rig;
    this.ec2 = rig.controlPlane.ec2;
    this.ec2.instances = this.instancesIn;
    this.ec2.onCall = (call) => void this.asked.push(call);
  }

  /** The instances that EC2 has in a region, unless a test says otherwise. */
  readonly instancesIn = (account: string, region: string) =>
    [...(this.#there.get(account)?.values() ?? [])].filter(({ az }) => az.startsWith(region));

  /** Begins a test: settles what earlier tests left unconfirmed or unchecked. */
  async begin() {
    const { db, clock } = this.#rig;
    await db.updateTable('instances').set({ terminationConfirmed: true }).execute();
    await db.updateTable('replicaInstances').set({ ec2CheckedAt: clock.now() }).execute();
    this.ec2.faults.clear();
    this.ec2.pageSize = 1000;
    this.asked = [];
  }

  /** Creates a tenant whose AWS account lets us read it. */
  async customer({ access = true } = {}): Promise<Customer> {
    const account = String(randomInt(10 ** 11, 10 ** 12));
    const roleArn = `arn:aws:iam::${account}:role/spot/SpotOptimizer`;
    const name = `Tenant ${randomUUID()}`;
    const { body } = await this.#rig.asAdmin('POST', '/api/admin/clients/create', {
      name,
      aws_account_id: account,
      ...(access && { aws_role_arn: roleArn }),
    });
    const { id, token, aws_external_id: externalId } = body.client;
    this.ec2.roles.trust(roleArn, externalId);
    this.#there.set(account, new Map());
    return { id, name, token, account, roleArn, externalId };
  }

  /** Adds an instance to EC2, or changes it. */
  set(
    { account }: Customer,
    instance: TestInstance | string,
    state: Ec2Instance['state'],
    extra: Partial<Ec2Instance> = {},
  ) {
    const id = typeof instance === 'string' ? instance : instance.id;
    const { type, az } = typeof instance === 'string' ? { type: 'm5.large', az: 'us-east-1a' } : instance.facts;
    this.#there.get(account)!.set(id, { id, state, type, az, launchedAt: this.#rig.clock.now(), ...extra });
  }

  /** An agent whose instance was just replaced: the old one is a zombie, due in five minutes. */
  async replaced(tenant: Tenant, facts: Partial<InstanceFacts> = {}) {
    const old = await this.#rig.primary({ mode: 'spot', ...facts }, tenant);
    await old.report(0.1, { [old.facts.az]: 0.031 });
    const next = old.successor();
    await old.switchReport(next);
    await next.register();
    const { instanceStatus } = await old.row();
    if (instanceStatus !== 'zombie') throw new Error(`${old.id} is ${instanceStatus}, not a zombie`);
    return { old, next, dueAt: new Date(this.#rig.clock.now().getTime() + 5 * minute * 1000) };
  }

  /** Runs the job now. @returns the AWS calls that it made, as action and region */
  async run(): Promise<string[]> {
    const before = this.asked.length;
    await this.#rig.runJob('reconcile-instances');
    return this.asked.slice(before).map(({ action, region }) => (region ? `${action} ${region}` : action));
  }

  /** Lets time pass until an instance is due for its next check, and runs the job. */
  async runWhenDue(instance: TestInstance) {
    const { ec2NextCheckAt } = await instance.row();
    this.#rig.pass((ec2NextCheckAt!.getTime() - this.#rig.clock.now().getTime()) / 1000);
    return this.run();
  }

  /** The tenant's notifications about its instances and its account, oldest first. */
  async notified({ id }: Tenant) {
    return this.#rig.db
      .selectFrom('systemEvents')
      .selectAll()
      .where('clientId', '=', id)
      .where('notify', '=', true)
      .where('eventType', 'in', notices)
      .orderBy('createdAt')
      .orderBy('eventType')
      .execute();
  }

  lookups({ id }: Tenant) {
    return this.#rig.db.selectFrom('awsLookups').selectAll().where('clientId', '=', id).execute();
  }

  access({ id }: Tenant) {
    return this.#rig.asAdmin('GET', `/api/admin/clients/${id}/aws-access`);
  }
}
