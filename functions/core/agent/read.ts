import type { SelectQueryBuilder } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { agentNotFound } from '../../shared/errors.ts';
import type { Agent, Schema, TargetMode } from '../../shared/schema.ts';
import { failureCauseOf } from '../failover/failure-cause.ts';
import type { Overlay } from '../savings/overlay.ts';
import { toOverlay } from '../savings/overlays.ts';
import {
  historyOf,
  launchesOf,
  newestInFlight,
  newestNotice,
  recentFailures,
  recentLosses,
  recentSwitches,
  recordedOf,
  standbyCount,
} from './facts.ts';
import {
  type AgentState,
  commandColumns,
  type FailedSwitch,
  instanceColumns,
  noticeColumns,
  ownerColumns,
  type Parts,
  primaryColumns,
  type RecordedLoss,
  type RecordedSwitch,
  type Standby,
  standbyColumns,
  type Wanted,
} from './state.ts';

/** Which agent. `clientId` is `undefined` for the admin, who may see every tenant's agents. */
export type AgentKey =
  | { readonly clientId: string | undefined; readonly agentId: string }
  | { readonly clientId: string; readonly logicalAgentId: string }
  /** The agent that has this instance. */
  | { readonly instanceId: string };

export type Reading<W extends Wanted> = { readonly with: W };
interface Deleted {
  /** Whether deleted agents are found as well. */
  readonly deleted?: boolean;
  /** The `agent_id` of the path, for the not-found message. */
  readonly ref?: string;
}
export type StateOf<W extends Wanted> = AgentState<keyof W & keyof Parts>;

/**
 * Reads an agent with the parts that a rule needs. One statement, which locks nothing. Writes that follow must check
 * what they were decided on, as `changePrimary` checks the epoch, and the decision must be made again if that has
 * changed.
 * @throws AppError agent_not_found when there is none, it is another tenant's, or it is deleted and `deleted` is not
 * set
 */
export async function readAgent<W extends Wanted>(
  db: Db,
  of: AgentKey & Reading<W> & Deleted,
  now: Date,
): Promise<StateOf<W>> {
  const state = await findAgent(db, of, now);
  if (!state) throw agentNotFound(of.ref ?? nameOf(of));
  return state;
}

const nameOf = (of: AgentKey) =>
  'agentId' in of ? of.agentId : 'logicalAgentId' in of ? of.logicalAgentId : of.instanceId;

/** Like `readAgent`, but returns `undefined` if the agent is not found. */
export async function findAgent<W extends Wanted>(
  db: Db,
  of: AgentKey & Reading<W> & Deleted,
  now: Date,
): Promise<StateOf<W> | undefined> {
  const rows = await select(db, of.with, 'agentId' in of ? [of.agentId] : undefined, now)
    .$call((query) => {
      if ('logicalAgentId' in of)
        return query.where('a.clientId', '=', of.clientId).where('a.logicalAgentId', '=', of.logicalAgentId);
      if ('instanceId' in of)
        return query
          .where('a.id', '=', (eb) =>
            eb.selectFrom('instances as k').select('k.agentId').where('k.id', '=', of.instanceId),
          )
          .where('a.clientId', '=', (eb) =>
            eb.selectFrom('instances as k').select('k.clientId').where('k.id', '=', of.instanceId),
          );
      const { clientId } = of;
      return query
        .where('a.id', '=', of.agentId)
        .$if(clientId !== undefined, (one) => one.where('a.clientId', '=', clientId!));
    })
    .execute();
  const [state] = states(rows, of.with);
  return state && (of.deleted || state.agent.status !== 'deleted') ? state : undefined;
}

/**
 * Reads agents by id, for a job; deleted ones are left out. At most 100: their rows must fit in a 1 MiB response of the
 * Data API, however long their names are.
 */
export async function readAgents<W extends Wanted>(
  db: Db,
  of: { readonly agentIds: readonly string[] } & Reading<W>,
  now: Date,
): Promise<StateOf<W>[]> {
  if (of.agentIds.length === 0) return [];
  const rows = await select(db, of.with, of.agentIds, now)
    .where('a.id', 'in', of.agentIds)
    .where('a.status', '<>', 'deleted')
    .execute();
  return states(rows, of.with);
}

type Row = Agent & Readonly<Record<string, unknown>>;

/**
 * Selects one row for each requested standby; all other columns are the same in each of them.
 * @param ids the agents' ids, if the caller has them: `history` and `launches` are counted for these alone
 */
function select(db: Db, wanted: Wanted, ids: readonly string[] | undefined, now: Date) {
  const query = db
    .selectFrom('agents as a')
    .leftJoin('instances as p', 'p.primaryOf', 'a.id')
    .selectAll('a')
    .select(aliased('p', primaryColumns))
    .$if('instance' in wanted, (one) =>
      one
        .leftJoin('instances as m', (join) => join.on('m.id', '=', wanted.instance ?? ''))
        .leftJoin('replicaInstances as mr', 'mr.instanceId', 'm.id')
        .leftJoin('agents as ma', 'ma.id', 'm.agentId')
        .select(aliased('m', instanceColumns))
        .select('mr.id as m$replicaId')
        .select(aliased('ma', ownerColumns)),
    )
    .$if('openSwitch' in wanted, (one) =>
      one.leftJoin('commands as o', 'o.openSwitchOf', 'a.id').select(aliased('o', openSwitchColumns)),
    )
    .$if('inFlight' in wanted, (one) =>
      one
        .leftJoin('commands as c', (join) => join.onRef('c.agentId', '=', 'a.id').on('c.id', '=', newestInFlight(now)))
        .select(aliased('c', commandColumns)),
    )
    .$if('standbys' in wanted || 'replica' in wanted, (one) =>
      one
        .leftJoin('replicaInstances as s', (join) =>
          join.onRef('s.agentId', '=', 'a.id').on((eb) =>
            // Avoid the OR where possible: with it, every standby that the agent ever had is read.
            wanted.replica === undefined
              ? eb('s.isActive', '=', true)
              : eb.or([eb('s.isActive', '=', true), eb('s.id', '=', wanted.replica)]),
          ),
        )
        .select(aliased('s', standbyColumns)),
    )
    .$if('notice' in wanted, (one) =>
      one
        .leftJoin('spotInterruptionEvents as e', (join) => join.on('e.id', '=', newestNotice(wanted.notice)))
        .select(aliased('e', noticeColumns)),
    )
    .$if('standbyCount' in wanted, (one) => one.select(standbyCount.as('n$standbyCount')))
    .$if('recorded' in wanted, (one) => one.select(recordedOf(wanted.recorded!)))
    .$if('launches' in wanted, (one) =>
      one.leftJoin(recentFailures(ids, now), 'lf.agentId', 'a.id').select(launchesOf()),
    )
    .$if('history' in wanted, (one) =>
      one
        .leftJoin(recentSwitches(ids, now), 'hs.agentId', 'a.id')
        .leftJoin(recentLosses(ids, now), 'hl.agentId', 'a.id')
        .select(historyOf(now)),
    )
    .$if('tenant' in wanted, (one) =>
      one.innerJoin('clients as t', 't.id', 'a.clientId').select('t.awsAccountId as t$awsAccountId'),
    );
  return query as unknown as SelectQueryBuilder<Schema & { a: Schema['agents'] }, 'a', Row>;
}

const openSwitchColumns = ['id', 'status', 'createdBy', 'newInstanceId'] as const;

/** `alias.column AS alias$column`: keeps the columns of joined rows apart. */
const aliased = <A extends string, C extends string>(alias: A, columns: readonly C[]) =>
  columns.map((column) => `${alias}.${column} as ${alias}$${column}` as const);

/** The columns of one joined row, or `undefined` where the join found none. */
const joined = (row: Row, alias: string, columns: readonly string[]) =>
  row[`${alias}$id`] == null ? undefined : fields(row, alias, columns);

const fields = (row: Row, alias: string, columns: readonly string[]) =>
  Object.fromEntries(columns.map((column) => [column, row[`${alias}$${column}`]]));

function states<W extends Wanted>(rows: readonly Row[], wanted: W): StateOf<W>[] {
  return [...Map.groupBy(rows, (row) => row.id).values()].map((ofAgent) => stateFrom(ofAgent, wanted) as StateOf<W>);
}

/** Parses tuples that the database aggregated, in no particular order. */
const tuples = <T>(json: unknown) => (typeof json === 'string' ? JSON.parse(json) : (json ?? [])) as T[];

const recordedSwitches = (json: unknown): RecordedSwitch[] =>
  tuples<[number, number, number | boolean, string, number | null]>(json)
    .map(([at, seconds, isEmergency, oldInstanceId, launchedAt]) => ({
      at,
      seconds,
      isEmergency: Boolean(Number(isEmergency)),
      oldInstanceId,
      launchedAt,
    }))
    .sort((a, b) => a.at - b.at);

const recordedLosses = (json: unknown): RecordedLoss[] =>
  tuples<[string, number, number]>(json)
    .map(([instanceId, endedAt, replacedAt]) => ({ instanceId, endedAt, replacedAt }))
    .sort((a, b) => a.endedAt - b.endedAt);

const failedSwitches = (json: unknown): FailedSwitch[] =>
  tuples<[string | null, number, string | null]>(json)
    .map(([poolId, at, message]) => ({ poolId, at, cause: failureCauseOf(message ?? '') }))
    .sort((a, b) => a.at - b.at);

const overlaysOf = (json: unknown): Overlay[] =>
  tuples<[string | null, string, TargetMode, string | null, string | null]>(json).map(
    ([name64, instanceType, mode, multiplier, hourlyPrice]) => {
      const name = name64 && Buffer.from(name64, 'base64').toString();
      return toOverlay({ name, instanceType, mode, multiplier, hourlyPrice, validFrom: null, validUntil: null });
    },
  );

function stateFrom(rows: readonly Row[], wanted: Wanted) {
  const row = rows[0]!;
  const standbys = rows
    .map((one) => joined(one, 's', standbyColumns) as Standby | undefined)
    .filter((standby) => standby !== undefined);
  const parts: Record<keyof Parts, () => unknown> = {
    instance: () => {
      const instance = joined(row, 'm', [...instanceColumns, 'replicaId']);
      return instance && { ...instance, owner: joined(row, 'ma', ownerColumns) };
    },
    openSwitch: () => joined(row, 'o', openSwitchColumns),
    inFlight: () => joined(row, 'c', commandColumns),
    standbys: () =>
      standbys.filter((standby) => standby.isActive).toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime()),
    replica: () => standbys.find((standby) => standby.id === wanted.replica),
    standbyCount: () => row.n$standbyCount,
    notice: () => joined(row, 'e', noticeColumns),
    recorded: () => ({ reported: Number(row.r$reported) > 0, overtaken: Number(row.r$overtaken) > 0 }),
    launches: () => fields(row, 'l', ['failures', 'unheard', 'lastFailureAt', 'lastEndedCreatedAt']),
    history: () => ({
      ...fields(row, 'h', ['lastSignalAt', 'onDemandPrice']),
      switches24h: Number(row.h$switches24h), // SUM returns a DECIMAL
      switches7d: Number(row.h$switches7d),
      switches: recordedSwitches(row.h$switches),
      losses: recordedLosses(row.h$losses),
      failedSwitches: failedSwitches(row.h$failedSwitches),
      hasAutomaticStandby: Number(row.h$automaticStandbys) > 0,
      overlays: overlaysOf(row.h$overlays),
    }),
    tenant: () => fields(row, 't', ['awsAccountId']),
  };
  const asked = Object.keys(wanted) as (keyof Parts)[];
  return {
    // The agent's own columns are those without an alias.
    agent: Object.fromEntries(Object.entries(row).filter(([column]) => !column.includes('$'))),
    primary: joined(row, 'p', primaryColumns),
    ...Object.fromEntries(asked.map((part) => [part, parts[part]()])),
  };
}
