import { AgentHttp, type Answer } from '../agents/agent-http.ts';
import { stateOf } from '../ec2/instance.ts';
import type { Fleet } from './fleet.ts';
import type { Query } from './query.ts';
import type { Simulation } from './simulation.ts';

/** An instance became its agent's primary, as the control plane sees it. */
export interface PrimaryChange {
  readonly instanceId: string;
  readonly since: Date;
}

export interface PrimaryObserverOptions {
  readonly simulation: Simulation;
  readonly query: Query;
  readonly clientId: string;
  readonly url: string;
  readonly token: string;
  readonly log: (line: string) => void;
}

/** Requests that may change the primary. */
const primaryChangingRoutes = /register$|switch-report$|termination-imminent$|replicas\/\{replica_id\}(\/status)?$/;

const idleIntervalMs = 10 * 60_000;
const alertMs = 15 * 60_000;

/**
 * Observes from outside which instance is the primary of each agent, and whether there are ever two. It reads the
 * database whenever the primary may have changed, each minute for a while after that, and otherwise every ten minutes.
 */
export class PrimaryObserver {
  /** By agent, in chronological order. */
  readonly primaryChanges = new Map<string, PrimaryChange[]>();
  /** When an agent had two primaries, and which. */
  readonly doublePrimaries: string[] = [];
  readonly #options: PrimaryObserverOptions;
  #fleet: Fleet | undefined;
  #isScheduled = false;
  #observedAt = 0;
  #alertUntil = 0;

  constructor(options: PrimaryObserverOptions) {
    this.#options = options;
  }

  attach(fleet: Fleet): void {
    this.#fleet = fleet;
  }

  primaryOf(agent: string): string | undefined {
    return this.primaryChanges.get(agent)?.at(-1)?.instanceId;
  }

  answered({ route }: Answer): void {
    if (primaryChangingRoutes.test(route)) this.observeSoon();
  }

  /** To be called when the primary may have changed. */
  observeSoon(): void {
    const { simulation } = this.#options;
    this.#alertUntil = simulation.now.getTime() + alertMs;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    simulation.spawn(async () => {
      this.#isScheduled = false;
      await simulation.real(() => this.observe());
    });
  }

  /** To be called after the jobs of a minute, which may have promoted a standby. */
  async onMinute(now: Date): Promise<void> {
    const ms = now.getTime();
    if (ms <= this.#alertUntil || ms - this.#observedAt >= idleIntervalMs) await this.observe();
  }

  /** How many interruption signals the control plane has recorded, by pool. */
  async signals(): Promise<ReadonlyMap<string, number>> {
    const { query, clientId } = this.#options;
    const rows = await query(
      `SELECT pool_id, COUNT(*) AS signals FROM spot_interruption_events
        WHERE client_id = :client AND pool_id IS NOT NULL GROUP BY pool_id ORDER BY pool_id`,
      { client: clientId },
    );
    return new Map(rows.map((row) => [String(row.pool_id), Number(row.signals)]));
  }

  async observe(): Promise<void> {
    const { simulation, query, clientId } = this.#options;
    this.#observedAt = simulation.now.getTime();
    const rows = await query(
      `SELECT a.logical_agent_id AS agent, a.instance_id,
         (SELECT COUNT(*) FROM instances AS i WHERE i.agent_id = a.id AND i.is_primary) AS primaries
       FROM agents AS a WHERE a.client_id = :client`,
      { client: clientId },
    );
    const changed: string[] = [];
    for (const row of rows) {
      const agent = String(row.agent);
      if (Number(row.primaries) > 1) this.#reportDouble(agent, `${row.primaries} primaries in the database`);
      if (row.instance_id === null || row.instance_id === this.primaryOf(agent)) continue;
      const change = { instanceId: String(row.instance_id), since: simulation.now };
      this.primaryChanges.set(agent, [...(this.primaryChanges.get(agent) ?? []), change]);
      changed.push(agent);
    }
    await Promise.all(changed.map((agent) => this.#checkEnabled(agent)));
  }

  /** Asks for the config of each running instance: two that are both enabled would both take commands. */
  async #checkEnabled(agent: string): Promise<void> {
    const { simulation, url, token } = this.#options;
    const { ec2, ledger } = this.#fleet!;
    const api = new AgentHttp({ serverUrl: url, clientToken: token, real: (call) => call(), log: () => {} });
    const running = ec2.instances.filter(
      (instance) => instance.agent === agent && stateOf(instance, simulation.now) === 'running',
    );
    const enabled: string[] = [];
    for (const { id } of running) {
      const handle = ledger.handles.get(id);
      if (!handle) continue;
      const config = await api.call('GET /api/agents/{agent_id}/config', { params: { agent_id: handle } });
      if ((config as { enabled?: boolean } | undefined)?.enabled) enabled.push(id);
    }
    if (enabled.length > 1) this.#reportDouble(agent, `${enabled.join(' and ')} are both enabled`);
  }

  #reportDouble(agent: string, what: string): void {
    const line = `${this.#options.simulation.now.toISOString()} ${agent}: ${what}`;
    this.doublePrimaries.push(line);
    this.#options.log(line);
  }
}
