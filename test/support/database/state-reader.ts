import type { Connection } from 'mariadb';
import type { AgentState, EventRow, Row } from './agent-state.ts';
import { connectToRig } from './beside.ts';

/** Everything stored about one agent, in one round trip: it is read after every step of a simulation. */
const everythingOf = `
  SELECT * FROM agents WHERE id = ?;
  SELECT * FROM instances WHERE agent_id = ? ORDER BY created_at;
  SELECT * FROM replica_instances WHERE agent_id = ? ORDER BY created_at, pool_id, replica_type;
  SELECT * FROM spot_interruption_events WHERE agent_id = ? ORDER BY created_at, signal_type;
  SELECT * FROM system_events WHERE agent_id = ? ORDER BY created_at, event_type;
  SELECT * FROM commands WHERE agent_id = ? ORDER BY created_at, priority;
  SELECT * FROM switches WHERE agent_id = ? ORDER BY created_at`;
const tables = 7;

/** Reads agents directly, not through the Data API: only what is committed, nothing of abandoned transactions. */
export class StateReader {
  readonly connection: Connection;
  readonly #waiting: RegExp;

  private constructor(connection: Connection, database: string) {
    this.connection = connection;
    this.#waiting = new RegExp(`of table \`${database}\`\\.\\S+ trx id \\d+ lock.* waiting`, 'g');
  }

  static open = async (): Promise<StateReader> => new StateReader(await connectToRig(), process.env.DATABASE_NAME!);

  close = () => this.connection.end();

  async read(agentId: string): Promise<AgentState> {
    const read: Row[][] = await this.connection.query(everythingOf, Array<string>(tables).fill(agentId));
    const [[agent], instances, replicas, interruptions, events, commands, switches] = read as unknown as [
      [AgentState['agent']],
      AgentState['instances'],
      AgentState['replicas'],
      AgentState['interruptions'],
      readonly Row[],
      AgentState['commands'],
      AgentState['switches'],
    ];
    return { agent, instances, replicas, interruptions, events: events.map(withDetails), commands, switches };
  }

  /** @returns `undefined` if no instance of that logical agent has registered */
  async idOf(clientId: string, logicalId: string): Promise<string | undefined> {
    const sql = 'SELECT id FROM agents WHERE client_id = ? AND logical_agent_id = ?';
    const [row] = await this.connection.query(sql, [clientId, logicalId]);
    return row?.id;
  }

  /** How many statements wait for a lock. Only the InnoDB monitor tells it without a lag of a tenth of a second. */
  async lockWaits(): Promise<number> {
    const [row] = await this.connection.query('SHOW ENGINE INNODB STATUS');
    const status = row.Status as string;
    const present = status.slice(status.indexOf('\nTRANSACTIONS\n')); // the last deadlock stands before it, forever
    return present.match(this.#waiting)?.length ?? 0;
  }
}

/** MariaDB returns JSON as text, MySQL as a type of its own. */
function withDetails(row: Row): EventRow {
  const { metadata } = row;
  const { replicaId, formerInstanceId, inferred } =
    (typeof metadata === 'string' ? JSON.parse(metadata) : metadata) ?? {};
  return {
    ...row,
    replica: replicaId ?? null,
    former: formerInstanceId ?? null,
    inferred: inferred ?? false,
  } as EventRow;
}
