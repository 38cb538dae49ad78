import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { agentNotFound } from '../../shared/errors.ts';
import type { Agent, Instance } from '../../shared/schema.ts';

/**
 * What the calling machine is to its agent. Several machines run an agent process of one logical id: only the primary
 * gets commands and settings that make it act; a replica and a retired machine (zombie, terminated, or one we do not
 * know) are told to keep still (contract 1.9).
 */
export type Standing = 'primary' | 'replica' | 'retired';

export interface Caller {
  readonly agent: Agent;
  /** The machine that speaks: the handle's, or for a bare uuid the agent's primary. */
  readonly instanceId: string | undefined;
  readonly instanceStatus: Instance['instanceStatus'] | undefined;
  readonly standing: Standing;
  /** How many standbys the agent has. Counted, as a counter that is kept would drift. */
  readonly replicas: number;
}

/** For a statement on `agents AS a`. */
export const activeReplicas = sql<number>`(
  SELECT COUNT(*) FROM replica_instances AS x WHERE x.agent_id = a.id AND x.status IN ('launching', 'syncing', 'ready'))`;

/** Whose agent, by the authorizer, and the `agent_id` of the path as it came. */
export interface OfAgent {
  readonly clientId: string;
  readonly ref: string;
}

export interface Handle {
  readonly agentId: string;
  readonly instanceId: string | undefined;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const handleOf = (agentId: string, instanceId: string) => `${agentId}~${instanceId}`;

/** @throws AppError agent_not_found for what cannot be an agent's id, such as the `None` of an agent that failed to register */
export function parseHandle(ref: string): Handle {
  const [agentId = '', ...rest] = ref.split('~');
  const instanceId = rest.length > 0 ? rest.join('~') : undefined;
  if (!uuid.test(agentId) || instanceId === '' || (instanceId && /[\0]|.{65}/.test(instanceId)))
    throw agentNotFound(ref);
  return { agentId, instanceId };
}

export const isV3 = (agentVersion: string | null) => agentVersion?.startsWith('3.') ?? false;

/**
 * The agent of a path beside the row of the calling machine, for a statement that reads more than these two. A row comes
 * back for another tenant's agent never, for a deleted one always.
 * @param clientId `undefined` for the admin, who may see every tenant's
 */
export function selectCaller(db: Db, clientId: string | undefined, handle: Handle) {
  return db
    .selectFrom('agents as a')
    .leftJoin('instances as m', (join) =>
      join
        .on(
          'm.id',
          '=',
          handle.instanceId === undefined ? sql<string>`a.instance_id` : sql<string>`${handle.instanceId}`,
        )
        .onRef('m.agentId', '=', 'a.id')
        .onRef('m.clientId', '=', 'a.clientId'),
    )
    .select(['m.id as callerInstanceId', 'm.instanceStatus as callerStatus', 'm.isPrimary as callerIsPrimary'])
    .where('a.id', '=', handle.agentId)
    .$if(clientId !== undefined, (query) => query.where('a.clientId', '=', clientId!));
}

/**
 * The agent of a path and what the calling machine is to it: one statement.
 * @param clientId `undefined` for the admin, who may see every tenant's
 * @throws AppError agent_not_found when there is none, it is another tenant's, or it is deleted and `deleted` is not set
 */
export async function findCaller(
  db: Db,
  { clientId, ref }: { clientId: string | undefined; ref: string },
  { deleted = false } = {},
): Promise<Caller> {
  const handle = parseHandle(ref);
  const row = await selectCaller(db, clientId, handle)
    .selectAll('a')
    .select(activeReplicas.as('replicas'))
    .executeTakeFirst();
  if (!row || (row.status === 'deleted' && !deleted)) throw agentNotFound(ref);
  const { callerInstanceId, callerStatus, callerIsPrimary, replicas, ...agent } = row;
  return {
    agent,
    instanceId: handle.instanceId ?? callerInstanceId ?? undefined,
    instanceStatus: callerStatus ?? undefined,
    standing: standingOf({ callerStatus, callerIsPrimary }, handle),
    replicas,
  };
}

export function standingOf(
  { callerStatus, callerIsPrimary }: { callerStatus: string | null; callerIsPrimary: boolean | null },
  handle: Handle,
): Standing {
  // A bare uuid is an old agent or a console: it speaks for the agent, even while there is no primary.
  if (callerIsPrimary || handle.instanceId === undefined) return 'primary';
  return callerStatus === 'running_replica' ? 'replica' : 'retired';
}
