import { AgentHttp, type Answer } from '../agents/agent-http.ts';
import { stateOf } from '../ec2/ec2.ts';
import type { Fleet } from './fleet.ts';
import type { Query } from './query.ts';
import type { Simulation } from './simulation.ts';
import type { Primacy } from './workloads.ts';

export interface WatchOptions {
  readonly simulation: Simulation;
  readonly query: Query;
  readonly clientId: string;
  readonly url: string;
  readonly token: string;
  readonly log: (line: string) => void;
}

/** Requests after which another machine may be the primary. */
const decisive = /register$|switch-report$|termination-imminent$|replicas\/\{replica_id\}(\/status)?$/;

const idleLookMs = 10 * 60_000;
const alertMs = 15 * 60_000;

/**
 * Looks from outside at which machine is the primary of each agent, and whether there are ever two: it reads the database
 * whenever that may have changed, each minute while things happen, and else every ten minutes.
 */
export class Watch {
  readonly primacies = new Map<string, Primacy[]>();
  /** Agents that had two primaries, with both. */
  readonly doubles: string[] = [];
  readonly #options: WatchOptions;
  #fleet: Fleet | undefined;
  #isDue = false;
  #lookedAt = 0;
  #alertUntil = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  over(fleet: Fleet): void {
    this.#fleet = fleet;
  }

  primaryOf(agent: string): string | undefined {
    return this.primacies.get(agent)?.at(-1)?.instanceId;
  }

  answered({ route }: Answer): void {
    if (decisive.test(route)) this.lookSoon();
  }

  /** Another machine may be the primary now. */
  lookSoon(): void {
    const { simulation } = this.#options;
    this.#alertUntil = simulation.now.getTime() + alertMs;
    if (this.#isDue) return;
    this.#isDue = true;
    simulation.spawn(async () => {
      this.#isDue = false;
      await simulation.real(() => this.look());
    });
  }

  /** After the jobs of a minute, which may have promoted a standby. */
  async minute(now: Date): Promise<void> {
    const ms = now.getTime();
    if (ms <= this.#alertUntil || ms - this.#lookedAt >= idleLookMs) await this.look();
  }

  /** Interruption signals that the control plane has on record, by pool. */
  async signals(): Promise<ReadonlyMap<string, number>> {
    const { query, clientId } = this.#options;
    const rows = await query(
      `SELECT pool_id, COUNT(*) AS signals FROM spot_interruption_events
        WHERE client_id = :client AND pool_id IS NOT NULL GROUP BY pool_id ORDER BY pool_id`,
      { client: clientId },
    );
    return new Map(rows.map((row) => [String(row.pool_id), Number(row.signals)]));
  }

  async look(): Promise<void> {
    const { simulation, query, clientId } = this.#options;
    this.#lookedAt = simulation.now.getTime();
    const rows = await query(
      `SELECT a.logical_agent_id AS agent, a.instance_id AS machine,
         (SELECT COUNT(*) FROM instances AS i WHERE i.agent_id = a.id AND i.is_primary) AS primaries
       FROM agents AS a WHERE a.client_id = :client`,
      { client: clientId },
    );
    const changed: string[] = [];
    for (const row of rows) {
      const agent = String(row.agent);
      if (Number(row.primaries) > 1) this.#double(agent, `${row.primaries} primaries in the database`);
      if (row.machine === null || row.machine === this.primaryOf(agent)) continue;
      const since = simulation.now;
      this.primacies.set(agent, [...(this.primacies.get(agent) ?? []), { instanceId: String(row.machine), since }]);
      changed.push(agent);
    }
    await Promise.all(changed.map((agent) => this.#askMachines(agent)));
  }

  /** Two machines of one agent that are both told to act would both take commands. */
  async #askMachines(agent: string): Promise<void> {
    const { simulation, url, token } = this.#options;
    const { ec2, ledger } = this.#fleet!;
    const api = new AgentHttp({ serverUrl: url, clientToken: token, real: (call) => call(), log: () => {} });
    const running = ec2.instances.filter(
      (machine) => machine.agent === agent && stateOf(machine, simulation.now) === 'running',
    );
    const acting: string[] = [];
    for (const { id } of running) {
      const handle = ledger.handles.get(id);
      if (!handle) continue;
      const config = await api.call('GET /api/agents/{agent_id}/config', { params: { agent_id: handle } });
      if ((config as { enabled?: boolean } | undefined)?.enabled) acting.push(id);
    }
    if (acting.length > 1) this.#double(agent, `${acting.join(' and ')} are both told to act`);
  }

  #double(agent: string, what: string): void {
    const line = `${this.#options.simulation.now.toISOString()} ${agent}: ${what}`;
    this.doubles.push(line);
    this.#options.log(line);
  }
}
