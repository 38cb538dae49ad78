import { randomUUID } from 'node:crypto';
import type { Insertable, UpdateObject } from 'kysely';
import type { ReplicaInstanceTable, Schema } from '../../../functions/shared/schema.ts';
import type { Api, Tenant } from '../rig/api.ts';
import type { InstanceFacts } from './facts.ts';

/** What is stored about an instance and its agent, for tests to read and to write directly. */
export abstract class StoredAgent {
  abstract readonly facts: InstanceFacts;
  abstract readonly id: string;
  abstract readonly agentId: string;
  readonly tenant: Tenant;
  protected readonly api: Api;

  constructor(api: Api, tenant: Tenant) {
    this.api = api;
    this.tenant = tenant;
  }

  agentRow() {
    return this.api.db.selectFrom('agents').selectAll().where('id', '=', this.agentId).executeTakeFirstOrThrow();
  }

  row() {
    return this.api.db.selectFrom('instances').selectAll().where('id', '=', this.id).executeTakeFirstOrThrow();
  }

  /** All instances of its agent, by id. */
  async instances() {
    const query = this.api.db.selectFrom('instances').selectAll().where('agentId', '=', this.agentId);
    return Object.fromEntries((await query.execute()).map((row) => [row.id, row]));
  }

  /** Its agent's current and former standbys, oldest first. */
  replicas() {
    return this.api.db
      .selectFrom('replicaInstances')
      .selectAll()
      .where('agentId', '=', this.agentId)
      .orderBy('createdAt')
      .execute();
  }

  /** EC2's notices for its agent's instances, oldest first. */
  interruptions() {
    return this.api.db
      .selectFrom('spotInterruptionEvents')
      .selectAll()
      .where('agentId', '=', this.agentId)
      .orderBy('createdAt')
      .execute();
  }

  commands() {
    return this.api.db
      .selectFrom('commands')
      .selectAll()
      .where('agentId', '=', this.agentId)
      .orderBy('createdAt')
      .execute();
  }

  switches() {
    return this.api.db
      .selectFrom('switches')
      .selectAll()
      .where('agentId', '=', this.agentId)
      .orderBy('initiatedAt')
      .execute();
  }

  /** Its agent's events, oldest first. Those with `notify` are shown to the tenant. */
  events(type?: string) {
    return this.api.db
      .selectFrom('systemEvents')
      .selectAll()
      .where('agentId', '=', this.agentId)
      .$if(type !== undefined, (query) => query.where('eventType', '=', type!))
      .orderBy('createdAt')
      .execute();
  }

  decisions() {
    return this.api.db
      .selectFrom('decisions')
      .selectAll()
      .where('agentId', '=', this.agentId)
      .orderBy('decisionTime')
      .execute();
  }

  /** Adds a standby of its agent that is not launched yet. @returns its id */
  async addReplica(values: Partial<Insertable<ReplicaInstanceTable>> = {}): Promise<string> {
    const { type, region } = this.facts;
    const az = `${region}z`;
    const id = randomUUID();
    await this.api.db
      .insertInto('replicaInstances')
      .values({
        id,
        clientId: this.tenant.id,
        agentId: this.agentId,
        replicaType: 'manual',
        poolId: `${type}.${az}`,
        instanceType: type,
        region,
        az,
        status: 'launching',
        createdAt: this.api.clock.now(),
        ...values,
      })
      .execute();
    return id;
  }

  /** Changes its agent's settings directly in the database. */
  async set(values: UpdateObject<Schema, 'agents'>) {
    await this.api.db.updateTable('agents').set(values).where('id', '=', this.agentId).execute();
  }
}
