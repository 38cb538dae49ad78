import type { Connection } from 'mariadb';
import { connectBeside } from './database.ts';

/** A row as the database has it: times are text, flags 0 or 1. */
// biome-ignore lint/suspicious/noExplicitAny: a rule compares it, which is its type check.
type Row = Readonly<Record<string, any>>;

/** The tables that tell of one agent, each by `agent_id`. */
const tables = ['instances', 'replica_instances', 'commands', 'switches', 'spot_interruption_events', 'system_events'];

/** Everything that the database has of one agent. */
export interface Account {
  readonly agent: Row;
  readonly instances: readonly Row[];
  readonly replicas: readonly Row[];
  readonly commands: readonly Row[];
  readonly switches: readonly Row[];
  readonly notices: readonly Row[];
  readonly events: readonly Row[];
}

/** Reads agents beside the Data API: what is committed, and nothing of a transaction that nobody ends. */
export class Accounts {
  readonly #connection: Connection;
  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static open = async (): Promise<Accounts> => new Accounts(await connectBeside());

  close = () => this.#connection.end();

  async read(agentId: string): Promise<Account> {
    const rows = (table: string, key = 'agent_id'): Promise<Row[]> =>
      this.#connection.query(`SELECT * FROM ${table} WHERE ${key} = ?`, [agentId]);
    const [agents, ...of] = await Promise.all([rows('agents', 'id'), ...tables.map((table) => rows(table))]);
    const [instances, replicas, commands, switches, notices, events] = of as [Row[], Row[], Row[], Row[], Row[], Row[]];
    return { agent: agents[0]!, instances, replicas, commands, switches, notices, events };
  }

  /** Lets the database know how large its tables are now; otherwise it goes by what it noticed at some time before. */
  count = () => this.#connection.query(`ANALYZE TABLE agents, ${tables.join(', ')}`);

  /** Takes an agent out of the books, so that jobs have nothing more to do for it. */
  async forget(agentId: string) {
    for (const table of tables) await this.#connection.query(`DELETE FROM ${table} WHERE agent_id = ?`, [agentId]);
    await this.#connection.query('DELETE FROM agents WHERE id = ?', [agentId]);
  }
}

/** Where a command may be after it was seen in a status (protocol 7.3). */
const laterStatuses: Record<string, readonly string[]> = {
  pending: ['pending', 'dispatched', 'completed', 'failed', 'cancelled', 'expired'],
  dispatched: ['dispatched', 'completed', 'failed'],
};

const machineOf = ({ instances }: Account, id: string) => instances.find((row) => row.id === id);
const ends = ({ notices }: Account) => notices.filter((row) => row.signal_type === 'termination-notice');
const unique = (items: readonly unknown[]) => new Set(items).size === items.length;

/** What holds at any time of an agent whose machines serve: the test plan's I1, I2, I3 and I8. */
const rules: Readonly<Record<string, (now: Account, before: Account) => boolean>> = {
  'I1: one machine is the primary, and the agent names it': ({ agent, instances }) => {
    const primaries = instances.filter((row) => row.is_primary).map((row) => row.id);
    return primaries.length === 1 && primaries[0] === agent.instance_id;
  },
  'I1: the epoch is raised by one with a change of primary, and else it stays': ({ agent }, before) =>
    agent.epoch - before.agent.epoch === (agent.instance_id === before.agent.instance_id ? 0 : 1),
  'I1: only the primary waits for its end': ({ agent }) =>
    [null, agent.instance_id].includes(agent.pending_termination_instance),
  "I2: a machine's end is announced once": (now) => unique(ends(now).map((row) => row.instance_id)),
  'I2: a failover, its notice, its switch and its count go together, and are undone together': (now, before) => {
    const told = ({ events }: Account, type: string) => events.filter((row) => row.event_type === type).length;
    const counts = (account: Account) => [
      told(account, 'failover_completed') - told(account, 'failover_undone'),
      ends(account).filter((row) => row.failover_completed).length,
      account.switches.filter((row) => row.trigger_type === 'emergency' && row.success).length,
      account.agent.interruption_handled_count,
    ];
    const since = counts(now).map((count, i) => count - counts(before)[i]!);
    return [-1, 0, 1].includes(since[0]!) && since.every((count) => count === since[0]);
  },
  'I2: the tenant is told of nothing twice': ({ events }) =>
    unique(events.filter((row) => row.notify).map((row) => `${row.event_type} ${row.instance_id}`)),
  'I3: no machine leaves the books': (now, before) => before.instances.every(({ id }) => machineOf(now, id)),
  'I3: the machine of an active standby waits beside the primary': (now) =>
    now.replicas
      .filter((row) => row.is_active && row.instance_id !== null)
      .every((row) => machineOf(now, row.instance_id)?.instance_status === 'running_replica'),
  'I3: a machine that waits is the one of an active standby': ({ instances, replicas }) =>
    instances
      .filter((row) => row.instance_status === 'running_replica')
      .every(({ id }) => replicas.some((row) => row.instance_id === id && row.is_active)),
  'I3: a standby that was promoted is the primary, by one switch': ({ agent, replicas, switches }) =>
    replicas
      .filter((row) => row.status === 'promoted')
      .every(
        ({ instance_id: id }) =>
          id === agent.instance_id && switches.filter((row) => row.new_instance_id === id).length === 1,
      ),
  'I8: a command goes only forward, and is closed at a time': ({ commands }, before) =>
    before.commands.every(({ id, status }) => {
      const now = commands.find((row) => row.id === id);
      return (laterStatuses[status] ?? [status]).includes(now?.status);
    }) && commands.every((row) => ['pending', 'dispatched'].includes(row.status) === (row.completed_at === null)),
  'I8: one switch at most is to be done': ({ commands }) =>
    commands.filter((row) => row.open_switch_of !== null).length <= 1,
};

/** The rules that do not hold. */
export const brokenRules = (now: Account, before: Account): string[] =>
  Object.entries(rules).flatMap(([rule, holds]) => (holds(now, before) ? [] : [rule]));

/** Says things in words that are the same for every run: without times, and with names for what is random. */
export type InWords = (told: unknown) => string;

/** @param names by what they stand for */
export function inWords(names: ReadonlyMap<string, string>): InWords {
  return (told) => {
    let text = JSON.stringify(told) ?? '';
    for (const [id, name] of names) text = text.replaceAll(id, name);
    return text
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'uuid')
      .replaceAll(/\b[0-9a-f]{32}\b/g, 'hash')
      .replaceAll(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z?/g, 'time')
      .replaceAll(/"failover_time_ms":\d+/g, '"failover_time_ms":"ms"')
      .replaceAll(/:\d{13}\b/g, ':ms');
  };
}

/** Every row, but for the counter of its updates. */
export function rowsOf({ agent, ...rest }: Account, words: InWords): string[] {
  const tables: [string, readonly Row[]][] = [['agent', [agent]], ...Object.entries(rest)];
  return tables.flatMap(([table, rows]) => rows.map((row) => `${table} ${words({ ...row, version: 0 })}`)).sort();
}

/** What has become of an agent since it was read before, to be seen at a glance. */
export interface Outcome {
  /** By their names, as `instance_status` has it; the primary with a star. */
  readonly machines: Readonly<Record<string, string>>;
  readonly standbys?: readonly string[];
  /** What triggered them. */
  readonly switches?: readonly string[];
  /** How each was answered; `…, done` once the failover is. */
  readonly notices?: readonly string[];
  readonly commands?: readonly string[];
  /** Of what the tenant has been told since. */
  readonly told?: readonly string[];
}

export function outcomeOf(now: Account, before: Account, names: ReadonlyMap<string, string>): Required<Outcome> {
  const { instances, replicas, switches, notices, commands } = now;
  const events = now.events.filter(({ id }) => !before.events.some((row) => row.id === id));
  return {
    machines: Object.fromEntries(
      instances.map((row) => [names.get(row.id) ?? row.id, `${row.instance_status}${row.is_primary ? '*' : ''}`]),
    ),
    standbys: replicas.map((row) => row.status).sort(),
    switches: switches.map((row) => row.trigger_type).sort(),
    notices: notices.map((row) => `${row.response_action}${row.failover_completed ? ', done' : ''}`).sort(),
    commands: commands.map((row) => row.status).sort(),
    told: events
      .filter((row) => row.notify)
      .map((row) => row.event_type)
      .sort(),
  };
}
