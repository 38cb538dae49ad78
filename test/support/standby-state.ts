import type { Connection } from 'mariadb';
import { connectBeside } from './database.ts';

/** Flags are 0 or 1; times are text, UTC, which sorts as time does. */
interface Row {
  readonly [column: string]: unknown;
}
export interface AgentRow extends Row {
  readonly id: string;
  readonly status: string;
  readonly epoch: number;
  readonly instance_id: string | null;
  readonly pending_termination_at: string | null;
  readonly pending_termination_instance: string | null;
  readonly manual_replica_enabled: number;
  readonly interruption_handled_count: number;
  readonly last_heartbeat_at: string;
}
export interface InstanceRow extends Row {
  readonly id: string;
  readonly instance_status: 'running_primary' | 'running_replica' | 'zombie' | 'terminated';
  readonly is_primary: number;
  readonly termination_confirmed: number;
  readonly termination_attempts: number;
  readonly zombie_at: string | null;
  readonly terminated_at: string | null;
}
export interface ReplicaRow extends Row {
  readonly id: string;
  readonly instance_id: string | null;
  readonly replica_type: string;
  readonly pool_id: string;
  readonly status: 'launching' | 'syncing' | 'ready' | 'promoted' | 'terminated' | 'failed';
  readonly is_active: number;
  readonly created_at: string;
  readonly failed_at: string | null;
  readonly launch_claimed_at: string | null;
}
export interface NoticeRow extends Row {
  readonly instance_id: string;
  readonly signal_type: string;
  readonly pool_id: string | null;
  readonly failover_completed: number | null;
  /** As whoever brought it claims. */
  readonly detected_at: string;
  readonly created_at: string;
}
export interface EventRow extends Row {
  readonly event_type: string;
  readonly instance_id: string | null;
  /** Of a standby that took over, and of the machine that it took over from. */
  readonly replica: string | null;
  readonly former: string | null;
}
export interface CommandRow extends Row {
  readonly id: string;
  readonly status: 'pending' | 'dispatched' | 'completed' | 'failed' | 'cancelled' | 'expired';
  readonly target_mode: 'spot' | 'ondemand';
  readonly dispatched_at: string | null;
  readonly lease_until: string | null;
  readonly expires_at: string;
  readonly terminate_wait_seconds: number;
  readonly completed_at: string | null;
}
export interface SwitchRow extends Row {
  readonly old_instance_id: string;
  readonly new_instance_id: string;
}

/** One logical agent and what belongs to it, as the database has it, each table in the order in which it came to be. */
export interface State {
  readonly agent: AgentRow | undefined;
  readonly instances: readonly InstanceRow[];
  readonly replicas: readonly ReplicaRow[];
  readonly interruptions: readonly NoticeRow[];
  readonly events: readonly EventRow[];
  readonly commands: readonly CommandRow[];
  readonly switches: readonly SwitchRow[];
}

export const nothing: State = {
  agent: undefined,
  instances: [],
  replicas: [],
  interruptions: [],
  events: [],
  commands: [],
  switches: [],
};

export const primaryOf = ({ instances }: State) => instances.find((row) => row.is_primary);
export const rowOf = ({ instances }: State, id: string) => instances.find((row) => row.id === id);
export const activeOf = ({ replicas }: State) => replicas.filter((row) => row.is_active);
export const noticesOf = ({ interruptions }: State) =>
  interruptions.filter((row) => row.signal_type === 'termination-notice');

/** As the database writes times. */
export const sqlTime = (time: Date) => time.toISOString().slice(0, 23).replace('T', ' ');
export const timeOf = (text: string) => Date.parse(`${text.replace(' ', 'T')}Z`);

/** The database beside the Data API: no injected fault strikes those who check, and no lock holds them up. */
export class Ledger {
  readonly #connection: Connection;
  readonly #waiting: RegExp;
  private constructor(connection: Connection, database: string) {
    this.#connection = connection;
    this.#waiting = new RegExp(`of table \`${database}\`\\.\\S+ trx id \\d+ lock.* waiting`, 'g');
  }

  static async open(): Promise<Ledger> {
    const ledger = new Ledger(await connectBeside(), process.env.DATABASE_NAME!);
    await ledger.#freezeStatistics();
    return ledger;
  }

  close = () => this.#connection.end();

  /** How many statements wait for a lock. The monitor is the one source of it that is not a tenth of a second old. */
  async lockWaits(): Promise<number> {
    const [row] = await this.#connection.query('SHOW ENGINE INNODB STATUS');
    const status = row.Status as string;
    const present = status.slice(status.indexOf('\nTRANSACTIONS\n')); // before it stands the last deadlock, for ever
    return present.match(this.#waiting)?.length ?? 0;
  }

  async read(agentId: string): Promise<State> {
    const rows = <T extends Row>(what: string, order: string): Promise<T[]> =>
      this.#connection.query(`SELECT ${what} WHERE agent_id = ? ORDER BY ${order}`, [agentId]);
    const [[agent], ...rest] = await Promise.all([
      this.#connection.query('SELECT * FROM agents WHERE id = ?', [agentId]) as Promise<AgentRow[]>,
      rows<InstanceRow>('* FROM instances', 'created_at'),
      rows<ReplicaRow>('* FROM replica_instances', 'created_at, pool_id, replica_type'),
      rows<NoticeRow>('* FROM spot_interruption_events', 'created_at, signal_type'),
      rows<EventRow>(
        `*, JSON_VALUE(metadata, '$.replicaId') AS replica, JSON_VALUE(metadata, '$.formerInstanceId') AS former
         FROM system_events`,
        'created_at, event_type',
      ),
      rows<CommandRow>('* FROM commands', 'created_at, priority'),
      rows<SwitchRow>('* FROM switches', 'created_at'),
    ]);
    const [instances, replicas, interruptions, events, commands, switches] = rest;
    return { agent, instances, replicas, interruptions, events, commands, switches };
  }

  /** Sets switches of an agent, as a console would. */
  async set(agentId: string, values: Readonly<Record<string, boolean>>) {
    const columns = Object.keys(values).map((key) => `${key.replaceAll(/[A-Z]/g, '_$&').toLowerCase()} = ?`);
    await this.#connection.query(`UPDATE agents SET ${columns.join(', ')} WHERE id = ?`, [
      ...Object.values(values),
      agentId,
    ]);
  }

  /**
   * Empties what worlds write, so that none is another for those that were before it: how MariaDB joins, and so what it
   * locks, depends on how much there is, and was.
   */
  async clear() {
    for (const table of tables) await this.#connection.query(`TRUNCATE TABLE ${table}`);
  }

  /** Has joins not depend on statistics that a thread of the server's renews when it likes. */
  async #freezeStatistics() {
    for (const table of tables)
      await this.#connection.query(`ALTER TABLE ${table} STATS_PERSISTENT = 1, STATS_AUTO_RECALC = 0`);
  }
}

/** What a world leaves rows in. */
const tables = [
  'agents',
  'instances',
  'replica_instances',
  'commands',
  'switches',
  'decisions',
  'spot_interruption_events',
  'system_events',
  'spot_pools',
  'ondemand_prices',
  'ondemand_price_snapshots',
  'pricing_snapshots_clean',
];
