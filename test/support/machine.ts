import { randomBytes, randomUUID } from 'node:crypto';
import type { Insertable, UpdateObject } from 'kysely';
import type { ReplicaInstanceTable, Schema } from '../../functions/shared/schema.ts';
import type { Rig, Tenant } from './rig.ts';

export interface MachineFacts {
  readonly instanceId: string;
  readonly logicalId: string;
  readonly type: string;
  readonly region: string;
  readonly az: string;
  readonly mode: 'spot' | 'ondemand';
  /** What the agent says its version is; by a `3.` it also speaks as version 3.2 does. */
  readonly version: string;
}

const randomId = (prefix: string) => `${prefix}${randomBytes(8).toString('hex')}`;

/** One machine and the agent on it, in the words of protocol 2: what it knows is its facts and the handle it was given. */
export class Machine {
  readonly facts: MachineFacts;
  /** What register returned; before that, what an agent without one sends. */
  handle = 'None';
  readonly #rig: Rig;
  readonly #tenant: Tenant;

  constructor(rig: Rig, tenant: Tenant, facts: Partial<MachineFacts>) {
    this.#rig = rig;
    this.#tenant = tenant;
    this.facts = {
      instanceId: randomId('i-'),
      logicalId: randomId('agent-'),
      type: 'm5.large',
      region: 'us-east-1',
      az: 'us-east-1a',
      mode: 'ondemand',
      version: '4.0.0',
      ...facts,
    };
  }

  get id() {
    return this.facts.instanceId;
  }
  get tenant() {
    return this.#tenant;
  }
  get agentId() {
    return this.handle.split('~')[0]!;
  }
  get pool() {
    return this.facts.mode === 'spot' ? `${this.facts.type}.${this.facts.az}` : null;
  }
  get isV3() {
    return this.facts.version.startsWith('3.');
  }

  /** Another machine for the same logical agent, as a switch launches it. */
  successor(facts: Partial<MachineFacts> = {}): Machine {
    return new Machine(this.#rig, this.#tenant, { ...this.facts, instanceId: randomId('i-'), ...facts });
  }

  request(method: string, path: string, body?: unknown) {
    return this.#rig.request(method, `/api/agents/${this.handle}${path}`, { token: this.#tenant.token, body });
  }

  async register(extra: Record<string, unknown> = {}) {
    const { instanceId, logicalId, type, region, az, mode, version } = this.facts;
    const answer = await this.#rig.request('POST', '/api/agents/register', {
      token: this.#tenant.token,
      body: {
        client_token: this.#tenant.token,
        logical_agent_id: logicalId,
        instance_id: instanceId,
        instance_type: type,
        region,
        az,
        hostname: `host-${instanceId}`,
        ami_id: 'ami-1',
        agent_version: version,
        ...(!this.isV3 && { mode, private_ip: '10.0.0.1', public_ip: null }),
        ...extra,
      },
    });
    if (answer.status === 200) this.handle = answer.body.agent_id;
    return answer;
  }

  heartbeat(status = 'online') {
    const { instanceId, type, az, mode } = this.facts;
    const own = this.isV3 ? {} : { instance_id: instanceId, instance_type: type, mode, az };
    return this.request('POST', '/heartbeat', { status, monitored_instances: [instanceId], ...own });
  }

  config() {
    return this.request('GET', '/config');
  }

  pendingCommands() {
    return this.request('GET', '/pending-commands');
  }

  executed(commandId: string, body: Record<string, unknown> = { success: true, message: 'Switch completed' }) {
    return this.isV3
      ? this.request('POST', '/mark-command-executed', { command_id: commandId })
      : this.request('POST', `/commands/${commandId}/executed`, body);
  }

  /** Reports spot prices by zone, USD an hour, in the shape of this agent's version. */
  report(onDemand: number, zones: Record<string, number>, collectedAt = this.#rig.clock.now()) {
    const { instanceId, type, region, az, mode } = this.facts;
    const pools = Object.entries(zones).map(([zone, price]) => ({
      pool_id: `${type}.${zone}`,
      instance_type: type,
      az: zone,
      price,
    }));
    const instance = { instance_id: instanceId, instance_type: type, region, az };
    if (this.isV3)
      return this.request('POST', '/pricing-report', {
        instance: { ...instance, current_mode: mode, current_pool_id: this.pool },
        on_demand_price: { price: onDemand },
        spot_pools: pools,
      });
    return this.request('POST', '/pricing-report', {
      instance: { ...instance, mode, pool_id: this.pool },
      pricing: {
        on_demand_price: onDemand,
        current_spot_price: this.pool ? (zones[az] ?? null) : null,
        cheapest_pool: null,
        spot_pools: pools,
        collected_at: collectedAt.toISOString().replace('Z', '+00:00'),
      },
    });
  }

  /** Says that the workload moved from this machine to `next`. */
  switchReport(next: Machine, { terminated = false, prices = {}, ...extra }: SwitchReportOptions = {}) {
    const at = (seconds: number) => new Date(this.#rig.clock.now().getTime() + seconds * 1000).toISOString();
    const side = (machine: Machine) => ({
      instance_id: machine.id,
      instance_type: machine.facts.type,
      region: machine.facts.region,
      az: machine.facts.az,
      ami_id: 'ami-1',
      mode: machine.facts.mode,
      pool_id: machine.pool,
    });
    return this.request('POST', '/switch-report', {
      old_instance: side(this),
      new_instance: side(next),
      snapshot: { used: false },
      prices: prices && { on_demand: 0.096, ...prices },
      timing: {
        switch_initiated_at: at(-40),
        new_instance_launched_at: at(-38),
        new_instance_ready_at: at(-3),
        traffic_switched_at: at(-3),
        ...(terminated && { old_instance_terminated_at: at(0) }),
      },
      trigger: 'model',
      ...extra,
    });
  }

  /** Has a switch to a pool queued, or to on-demand for `null`, as a console or script would. */
  queueSwitch(pool: string | null, extra: Record<string, unknown> = {}) {
    const target = pool === null ? { target_mode: 'ondemand' } : { target_mode: 'spot', target_pool_id: pool };
    return this.request('POST', '/issue-switch-command', { ...target, ...extra });
  }

  instancesToTerminate() {
    return this.request('GET', '/instances-to-terminate');
  }

  terminationReport(instanceId: string, success = true) {
    return this.request('POST', '/termination-report', {
      instance_id: instanceId,
      success,
      error: success ? null : 'UnauthorizedOperation',
      terminated_at: success ? this.#rig.clock.now().toISOString() : null,
    });
  }

  // Standbys, in the words of protocol 3.

  listReplicas(status?: string) {
    return this.request('GET', status === undefined ? '/replicas' : `/replicas?status=${status}`);
  }

  createReplica(body: Record<string, unknown> = {}) {
    return this.request('POST', '/replicas', body);
  }

  /** Says that it has launched `instanceId` for the standby. */
  putReplica(replicaId: string, instanceId: string, extra: Record<string, unknown> = { status: 'syncing' }) {
    return this.request('PUT', `/replicas/${replicaId}`, { instance_id: instanceId, ...extra });
  }

  replicaStatus(replicaId: string, status: string, extra: Record<string, unknown> = {}) {
    return this.request('POST', `/replicas/${replicaId}/status`, { status, ...extra });
  }

  syncStatus(replicaId: string, body: Record<string, unknown>) {
    return this.request('POST', `/replicas/${replicaId}/sync-status`, body);
  }

  promoteReplica(replicaId: string, body: Record<string, unknown> = {}) {
    return this.request('POST', `/replicas/${replicaId}/promote`, body);
  }

  deleteReplica(replicaId: string) {
    return this.request('DELETE', `/replicas/${replicaId}`);
  }

  /** R8, of this machine; a notice's time is two minutes from now, as EC2's are, unless said otherwise. */
  emergency(signal: 'rebalance-recommendation' | 'termination-notice', extra: Record<string, unknown> = {}) {
    const time = signal === 'termination-notice' ? { termination_time: this.#inSeconds(120) } : {};
    return this.request('POST', '/create-emergency-replica', {
      signal_type: signal,
      instance_id: this.id,
      ...time,
      ...extra,
    });
  }

  /** R9, of this machine. */
  terminationImminent(extra: Record<string, unknown> = {}) {
    return this.request('POST', '/termination-imminent', {
      instance_id: this.id,
      termination_time: this.#inSeconds(120),
      detected_at: this.#inSeconds(0),
      ...extra,
    });
  }

  #inSeconds(seconds: number) {
    return new Date(this.#rig.clock.now().getTime() + seconds * 1000).toISOString();
  }

  // What the database has of it, for a test to look at.

  /** The standbys of its agent that are and were, oldest first. */
  replicas() {
    return this.#rig.db
      .selectFrom('replicaInstances')
      .selectAll()
      .where('agentId', '=', this.agentId)
      .orderBy('createdAt')
      .execute();
  }

  /** What EC2 announced of its agent's machines, oldest first. */
  interruptions() {
    return this.#rig.db
      .selectFrom('spotInterruptionEvents')
      .selectAll()
      .where('agentId', '=', this.agentId)
      .orderBy('createdAt')
      .execute();
  }

  agentRow() {
    return this.#rig.db.selectFrom('agents').selectAll().where('id', '=', this.agentId).executeTakeFirstOrThrow();
  }

  row() {
    return this.#rig.db.selectFrom('instances').selectAll().where('id', '=', this.id).executeTakeFirstOrThrow();
  }

  /** All machines of its agent, by id. */
  async machines() {
    const query = this.#rig.db.selectFrom('instances').selectAll().where('agentId', '=', this.agentId);
    return Object.fromEntries((await query.execute()).map((row) => [row.id, row]));
  }

  commands() {
    return this.#rig.db
      .selectFrom('commands')
      .selectAll()
      .where('agentId', '=', this.agentId)
      .orderBy('createdAt')
      .execute();
  }

  switches() {
    return this.#rig.db
      .selectFrom('switches')
      .selectAll()
      .where('agentId', '=', this.agentId)
      .orderBy('initiatedAt')
      .execute();
  }

  /** Of its agent, oldest first; those that tell the tenant have `notify`. */
  events(type?: string) {
    return this.#rig.db
      .selectFrom('systemEvents')
      .selectAll()
      .where('agentId', '=', this.agentId)
      .$if(type !== undefined, (query) => query.where('eventType', '=', type!))
      .orderBy('createdAt')
      .execute();
  }

  decisions() {
    return this.#rig.db
      .selectFrom('decisions')
      .selectAll()
      .where('agentId', '=', this.agentId)
      .orderBy('decisionTime')
      .execute();
  }

  /** Puts a standby of its agent there, as no agent has launched it yet. @returns its id */
  async addReplica(values: Partial<Insertable<ReplicaInstanceTable>> = {}): Promise<string> {
    const { type, region } = this.facts;
    const az = `${region}z`;
    const id = randomUUID();
    await this.#rig.db
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
        createdAt: this.#rig.clock.now(),
        ...values,
      })
      .execute();
    return id;
  }

  /** Changes its agent's settings behind the API's back. */
  async set(values: UpdateObject<Schema, 'agents'>) {
    await this.#rig.db.updateTable('agents').set(values).where('id', '=', this.agentId).execute();
  }
}

export interface SwitchReportOptions {
  readonly terminated?: boolean;
  /** `null`: none, as where they stand under other keys. */
  readonly prices?: { on_demand?: number; old_spot?: number; new_spot?: number } | null;
  readonly [extra: string]: unknown;
}
