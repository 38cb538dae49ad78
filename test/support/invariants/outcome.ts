import type { AgentState, Row } from '../database/agent-state.ts';

/** Formats a value as text that is the same for every run: without times, and with names for random ids. */
export type InWords = (told: unknown) => string;

/** @param names by the ids that they replace */
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

/** Every row, without the counter of its updates. */
export function rowsOf({ agent, ...rest }: AgentState, words: InWords): string[] {
  const tables: [string, readonly Row[]][] = [['agent', [agent!]], ...Object.entries(rest)];
  return tables.flatMap(([table, rows]) => rows.map((row) => `${table} ${words({ ...row, version: 0 })}`)).sort();
}

/** A summary of how an agent changed since it was read before. */
export interface Outcome {
  /** Their `instance_status`, by name; the primary has a star. */
  readonly instances: Readonly<Record<string, string>>;
  readonly standbys?: readonly string[];
  /** Their triggers. */
  readonly switches?: readonly string[];
  /** The action that answered each; `…, done` once the failover is. */
  readonly notices?: readonly string[];
  readonly commands?: readonly string[];
  /** Types of the tenant's notifications since then. */
  readonly told?: readonly string[];
}

export function outcomeOf(before: AgentState, now: AgentState, names: ReadonlyMap<string, string>): Required<Outcome> {
  const { instances, replicas, switches, interruptions, commands } = now;
  const events = now.events.filter(({ id }) => !before.events.some((row) => row.id === id));
  return {
    instances: Object.fromEntries(
      instances.map((row) => [names.get(row.id) ?? row.id, `${row.instance_status}${row.is_primary ? '*' : ''}`]),
    ),
    standbys: replicas.map((row) => row.status).sort(),
    switches: switches.map((row) => row.trigger_type).sort(),
    notices: interruptions.map((row) => `${row.response_action}${row.failover_completed ? ', done' : ''}`).sort(),
    commands: commands.map((row) => row.status).sort(),
    told: events
      .filter((row) => row.notify)
      .map((row) => row.event_type)
      .sort(),
  };
}
