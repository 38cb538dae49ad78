import { sql } from 'kysely';
import { byPrimaryKey } from '../../shared/by-primary-key.ts';
import { DatabaseError } from '../../shared/data-api/errors.ts';
import { type Db, type Tx, transact } from '../../shared/db.ts';
import { agentNotFound } from '../../shared/errors.ts';
import { inList } from '../../shared/in-list.ts';
import type { AgentStatus } from '../../shared/schema.ts';
import { type Reading, readAgent, type StateOf } from './read.ts';
import type { Wanted } from './state.ts';

interface Locking<W extends Wanted> extends Reading<W> {
  /** `undefined` for the admin. */
  readonly clientId: string | undefined;
  readonly agentId: string;
  readonly deleted?: boolean;
  readonly ref?: string;
  /** Set by a job, which has other agents to see to: one that somebody else holds is a conflict at once. */
  readonly skipLocked?: boolean;
}

/**
 * Locks an agent, then reads it with the parts that a rule needs: two statements. All that changes an agent's primary,
 * standbys or commands takes this lock first, so what is read stays true until the transaction ends.
 *
 * The reading takes no locks, and sees what was committed before the lock was granted, as InnoDB takes a transaction's
 * snapshot at its first plain read. (A locking read of rows that may be missing would lock gaps, and agents that start
 * together would deadlock.)
 * @throws AppError agent_not_found as `readAgent`
 * @throws DatabaseError conflict when somebody else holds the agent and `skipLocked` is set
 */
export async function lockAgent<W extends Wanted>(tx: Tx, of: Locking<W>, now: Date): Promise<StateOf<W>> {
  await takeLock(tx, of);
  return readAgent(tx, of, now);
}

/**
 * Locks an agent: one statement.
 * @throws AppError agent_not_found when there is none, or it is another tenant's
 * @throws DatabaseError conflict when somebody else holds the agent and `skipLocked` is set
 */
export async function takeLock(tx: Tx, of: Omit<Locking<Wanted>, 'with'>): Promise<void> {
  const { clientId, agentId, skipLocked = false } = of;
  const rows = await tx
    .selectFrom('agents')
    .select('id')
    .where('id', '=', agentId)
    .$if(clientId !== undefined, (query) => query.where('clientId', '=', clientId!))
    .forUpdate()
    .$if(skipLocked, (query) => query.skipLocked())
    .execute();
  if (rows.length === 0)
    throw skipLocked
      ? new DatabaseError('conflict', `somebody else holds agent ${agentId}`)
      : agentNotFound(of.ref ?? agentId);
}

/** An agent as its lock found it. */
export interface LockedAgent {
  readonly id: string;
  readonly status: AgentStatus;
  readonly lastHeartbeatAt: Date | null;
  readonly beatSeconds: number | null;
}

/**
 * Changes those of many agents that nobody else holds, in one transaction, for a job. The others wait for its next run:
 * whoever holds one is changing it; or was killed, and then the Data API keeps what it locked for three minutes, during
 * which one agent must not hold up all (docs/adr/0013).
 * @param change is told what the free agents are now. It must name rows of theirs by primary key (`byPrimaryKey`): by
 * another index an update would wait for agents that somebody else holds.
 * @returns what `change` returns, or `none` where no agent is free
 */
export async function changeFreeAgents<T>(
  db: Db,
  { ids, none }: { readonly ids: readonly string[]; readonly none: T },
  change: (tx: Tx, free: readonly LockedAgent[]) => Promise<T>,
): Promise<T> {
  if (ids.length === 0) return none;
  return transact(db, async (tx) => {
    const { rows } = await sql<LockedAgent>`
      SELECT id, status, last_heartbeat_at, beat_seconds FROM ${byPrimaryKey('agents')}
      WHERE id IN ${inList(ids)} FOR UPDATE SKIP LOCKED`.execute(tx);
    return rows.length === 0 ? none : change(tx, rows);
  });
}
