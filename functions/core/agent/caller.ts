import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import type { Agent, Instance } from '../../shared/schema.ts';
import { type Handle, parseHandle, type Standing, standingOf } from './identity.ts';
import { readAgent } from './read.ts';

/** An agent and the instance that speaks for it. */
export interface Caller {
  readonly agent: Agent;
  /** The handle's instance, or for a bare uuid the agent's primary. */
  readonly instanceId: string | undefined;
  readonly standing: Standing;
}

interface Of {
  /** `undefined` for the admin, who may see every tenant's. */
  readonly clientId: string | undefined;
  readonly ref: string;
}

/**
 * The agent of a path and what the calling instance is to it: one statement.
 * @throws AppError agent_not_found as `readAgent`, and for a path that cannot name an agent
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
 * The agent of a path beside the row of the calling instance, for a statement that lists what belongs to the agent. A row
 * comes back for another tenant's agent never, for a deleted one always.
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

/** The caller's row off `selectCaller`. */
export const callerOf = (row: { callerStatus: Instance['instanceStatus'] | null; callerIsPrimary: boolean | null }) =>
  row.callerStatus === null ? undefined : { instanceStatus: row.callerStatus, isPrimary: row.callerIsPrimary === true };
