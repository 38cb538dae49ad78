import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import type { Agent, Instance } from '../../shared/schema.ts';
import { type Handle, parseHandle, type Standing, standingOf } from './identity.ts';
import { readAgent } from './read.ts';

/** An agent and the instance that is calling for it. */
export interface Caller {
  readonly agent: Agent;
  /** The instance named by the handle; for a bare uuid, the agent's primary. */
  readonly instanceId: string | undefined;
  readonly standing: Standing;
}

interface Of {
  /** `undefined` for the admin, who may see every tenant's agents. */
  readonly clientId: string | undefined;
  readonly ref: string;
}

/**
 * Finds the agent that a path names, and the calling instance's standing in it. One statement.
 * @throws AppError agent_not_found like `readAgent`, and if the path cannot name an agent
 */
export async function findCaller(db: Db, { clientId, ref }: Of, now: Date): Promise<Caller> {
  const handle = parseHandle(ref);
  const wanted = { instance: handle.instanceId };
  const { agent, primary, instance } = await readAgent(
    db,
    { clientId, agentId: handle.agentId, ref, with: wanted },
    now,
  );
  const isOwn = instance?.agentId === agent.id && instance.clientId === agent.clientId;
  return {
    agent,
    instanceId: handle.instanceId ?? primary?.id,
    standing: standingOf(isOwn ? instance : undefined, handle),
  };
}

/**
 * A query to build on: the agent that a path names, joined with the calling instance's row. It never returns another
 * tenant's agent, but does return a deleted one.
 */
export function selectCaller(db: Db, { clientId, handle }: { clientId: string | undefined; handle: Handle }) {
  const { agentId, instanceId } = handle;
  const spoken = instanceId === undefined ? sql<string>`a.instance_id` : sql<string>`${instanceId}`;
  return db
    .selectFrom('agents as a')
    .leftJoin('instances as m', (join) =>
      join.on('m.id', '=', spoken).onRef('m.agentId', '=', 'a.id').onRef('m.clientId', '=', 'a.clientId'),
    )
    .select(['m.instanceStatus as callerStatus', 'm.isPrimary as callerIsPrimary'])
    .where('a.id', '=', agentId)
    .$if(clientId !== undefined, (query) => query.where('a.clientId', '=', clientId!));
}

/** The calling instance, from a row of `selectCaller`; `undefined` if it is not one of the agent's instances. */
export const callerOf = (row: { callerStatus: Instance['instanceStatus'] | null; callerIsPrimary: boolean | null }) =>
  row.callerStatus === null ? undefined : { instanceStatus: row.callerStatus, isPrimary: row.callerIsPrimary === true };
