import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import type { Play, PlayedSettings, WhatIfRequest } from './wire.ts';

/** Agents that are alike share a play. A run has at most this many, which fit the column with their results. */
const mostPlays = 16;
/** How many agent ids a play lists. */
const agentsNamed = 5;

/** The settings that can be played, which are columns of an agent, too. */
const settings = [
  'availability_target',
  'availability_form',
  'min_savings_percent',
  'risk_threshold',
  'max_switches_per_week',
  'max_switches_per_day',
  'min_pool_duration_hours',
] as const satisfies readonly (keyof PlayedSettings)[];
type Setting = (typeof settings)[number];
const limits = settings.filter((name) => !name.startsWith('availability'));

type Row = { readonly [S in Setting as Camel<S>]?: string | number | null } & {
  readonly instanceType: string | null;
  readonly region: string | null;
  readonly staysIn: string | null;
  readonly limitsSet: number | null;
  readonly agents: number;
  readonly agentIds: string;
  readonly allAgents: number;
};
type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;

/** The plays of a new run. */
export interface PlayList {
  readonly plays: readonly Play[];
  readonly agents: number;
  /** Agents beyond `mostPlays`, or whose type or region is not known. */
  readonly leftOut: number;
}

/**
 * Reads the requested agents of a tenant, in groups that are alike in all that matters: type, region, where they are,
 * and the settings that the request leaves out. Largest groups first. One statement, with a row per play.
 * @throws AppError agent_not_found where there is none
 */
export async function readPlays(
  db: Db,
  { clientId, asked }: { readonly clientId: string; readonly asked: WhatIfRequest },
): Promise<PlayList> {
  const own = settings.filter((name) => asked.settings[name] === undefined);
  const setsLimit = limits.some((name) => asked.settings[name] !== undefined);
  const alike = [...own, ...(setsLimit ? [] : ['limits_set'])];
  const list = sql.join(['instance_type', 'region', ...alike].map((name) => sql.ref(`a.${name}`)));
  const { rows } = await sql<Row>`
    SELECT ${list}, IF(a.current_mode = 'spot', a.current_pool_id, NULL) AS stays_in, COUNT(*) AS agents,
      SUBSTRING_INDEX(GROUP_CONCAT(a.id ORDER BY a.id SEPARATOR ','), ',', ${sql.lit(agentsNamed)}) AS agent_ids,
      CAST(SUM(COUNT(*)) OVER () AS SIGNED) AS all_agents
    FROM agents AS a
    WHERE a.client_id = ${clientId} AND a.status <> 'deleted'
      AND ${asked.agent_id === undefined ? sql`TRUE` : sql`a.id = ${asked.agent_id}`}
      AND ${asked.instance_type === undefined ? sql`TRUE` : sql`a.instance_type = ${asked.instance_type}`}
      AND ${asked.region === undefined ? sql`TRUE` : sql`a.region = ${asked.region}`}
    GROUP BY ${list}, stays_in
    ORDER BY a.instance_type IS NULL OR a.region IS NULL, agents DESC, a.instance_type, a.region, stays_in
    LIMIT ${sql.lit(mostPlays)}`.execute(db);
  const plays = rows.flatMap((row) => toPlay(row, asked.settings, setsLimit));
  if (plays.length === 0) throw new AppError('agent_not_found', `${nobody(asked)} whose type and region are known`);
  const agents = plays.reduce((sum, play) => sum + play.agents, 0);
  // The history of a place is read once for plays that follow each other.
  plays.sort((a, b) => compare(a.instance_type, b.instance_type) || compare(a.region, b.region));
  return { plays, agents, leftOut: Number(rows[0]!.allAgents) - agents };
}

function toPlay(row: Row, asked: WhatIfRequest['settings'], setsLimit: boolean): Play[] {
  const { instanceType, region } = row;
  if (instanceType === null || region === null) return [];
  const target =
    asked.availability_target ?? (row.availabilityTarget == null ? 'none' : percent(row.availabilityTarget));
  const played: PlayedSettings = {
    availability_target: target === 'none' ? null : target,
    availability_form: asked.availability_form ?? (row.availabilityForm as PlayedSettings['availability_form']),
    min_savings_percent: asked.min_savings_percent ?? Number(row.minSavingsPercent),
    risk_threshold: asked.risk_threshold ?? Number(row.riskThreshold),
    max_switches_per_week: asked.max_switches_per_week ?? Number(row.maxSwitchesPerWeek),
    max_switches_per_day: asked.max_switches_per_day ?? Number(row.maxSwitchesPerDay),
    min_pool_duration_hours: asked.min_pool_duration_hours ?? Number(row.minPoolDurationHours),
    limits_hold: target === 'none' || setsLimit || Boolean(row.limitsSet),
  };
  return [
    {
      instance_type: instanceType,
      region,
      pool_id: row.staysIn,
      agents: Number(row.agents),
      agent_ids: row.agentIds.split(','),
      settings: played,
      outcome: null,
      reason: null,
    },
  ];
}

/** Converts a share, as DECIMAL text, to percent: 0.99950 is 99.95. */
const percent = (share: string | number) => Math.round(Number(share) * 1e7) / 1e5;
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function nobody({ agent_id, instance_type, region }: WhatIfRequest): string {
  const which = [agent_id, instance_type && `on ${instance_type}`, region && `in ${region}`].filter(Boolean).join(' ');
  return `There is no agent${which ? ` ${which}` : ''}`;
}
