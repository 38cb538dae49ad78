import type { Agent } from './agent.ts';
import { Stopped } from './agent-process.ts';
import { type Command, zoneOf } from './command.ts';
import { isoformatAware } from './python.ts';

export interface Replica {
  readonly id: string;
  readonly instance_id?: string | null;
  readonly pool?: { readonly id: string; readonly az: string };
  readonly pool_id?: string;
  readonly az?: string;
}

/** How long EC2's status checks take once an instance runs. */
const statusCheckSeconds = 60;

/** How version 4 handles standbys (protocol 6.4): it launches and terminates those that the control plane lists. */
export class Replicas {
  readonly #agent: Agent;
  /** Each is tried once per process, and recorded before the attempt. */
  readonly #terminated = new Set<string>();

  constructor(agent: Agent) {
    this.#agent = agent;
  }

  /** Launches the wanted standbys, one after the other. */
  async launch(): Promise<void> {
    await this.launchAll(await this.#list('launching'));
  }

  async launchAll(wanted: readonly Replica[]): Promise<void> {
    for (const replica of wanted) {
      const az = replica.pool?.az ?? replica.az;
      if (!replica.id || !(replica.pool?.id ?? replica.pool_id) || !az) continue;
      this.#agent.markBusy();
      try {
        await this.#launch(replica.id, az);
      } catch (error) {
        if (error instanceof Stopped) throw error;
        await this.#report(replica.id, { status: 'failed', error_message: (error as Error).message });
      }
    }
  }

  /** Terminates the standbys that are no longer wanted. Ids with these prefixes are placeholders, not instances. */
  async terminate(): Promise<void> {
    const agent = this.#agent;
    for (const { id, instance_id: instanceId } of await this.#list('terminated')) {
      if (!instanceId || /^(manual|replica)-/.test(instanceId) || this.#terminated.has(instanceId)) continue;
      this.#terminated.add(instanceId);
      const done = await agent.attempt('terminate replica', async () =>
        agent.context.ec2.terminate(instanceId, agent.now),
      );
      const terminated_at = isoformatAware(agent.now);
      if (done) await this.#report(id, { status: 'terminated', is_active: false, terminated_at });
    }
  }

  /** Executes a `create_replica` command. The instance runs before the control plane has a row for it. */
  async create(command: Command): Promise<{ done: boolean; message: string }> {
    let message = 'Replica creation failed';
    const done = await this.#agent.attempt('create replica', async () => {
      message = `Replica created: ${await this.#create(command)}`;
    });
    return { done, message };
  }

  async #launch(replicaId: string, az: string): Promise<void> {
    const { id } = this.#agent.launch({ mode: 'spot', az, cause: { kind: 'replica', id: replicaId } });
    await this.#agent.call('PUT /api/agents/{agent_id}/replicas/{replica_id}', {
      params: { replica_id: replicaId },
      body: { instance_id: id, status: 'syncing' },
    });
    await this.#agent.waitUntil('running', id);
    await this.#report(replicaId, { status: 'ready', sync_completed_at: isoformatAware(this.#agent.now) });
  }

  async #create({ id: commandId, target_pool_id: pool }: Command): Promise<string> {
    const agent = this.#agent;
    const { id } = agent.launch({ mode: 'spot', az: zoneOf(pool!), cause: { kind: 'command', id: commandId } });
    await agent.waitUntil('running', id);
    const answer = await agent.call('POST /api/agents/{agent_id}/replicas', {
      body: {
        pool_id: pool,
        instance_id: id,
        replica_type: 'manual',
        parent_instance_id: agent.instance.id,
        status: 'launching',
      },
    });
    const replicaId = (answer as { replica_id?: string } | undefined)?.replica_id;
    if (!replicaId) throw new Error(`no replica_id for ${id}, which now belongs to nobody`);
    await this.#report(replicaId, { status: 'syncing', sync_started_at: isoformatAware(agent.now) });
    await agent.process.sleep(statusCheckSeconds);
    await this.#report(replicaId, { status: 'ready', sync_completed_at: isoformatAware(agent.now) });
    return replicaId;
  }

  async #list(status: 'launching' | 'terminated'): Promise<readonly Replica[]> {
    const answer = await this.#agent.call('GET /api/agents/{agent_id}/replicas', { query: { status } });
    if (Array.isArray(answer)) return answer;
    return (answer as { replicas?: Replica[] } | undefined)?.replicas ?? [];
  }

  async #report(replicaId: string, body: object): Promise<void> {
    const params = { replica_id: replicaId };
    await this.#agent.call('POST /api/agents/{agent_id}/replicas/{replica_id}/status', { params, body });
  }
}
