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
  /** Set by jobs, which have other agents to process: an agent that is locked elsewhere is a conflict at once. */
  readonly skipLocked?: boolean;
}

/**
 * Locks an agent, then reads it with the parts that a rule needs. Two statements. Everything that changes an agent's
 * primary, standbys or commands takes this lock first, so what is read stays true until the transaction ends.
 *
 * The read takes no locks. It sees everything committed before the lock was granted, because InnoDB takes a
 * transaction's snapshot at its first plain read. (A locking read of rows that may be missing would lock gaps, and
 * agents that start together would deadlock.)
 * @throws AppError agent_not_found like `readAgent`
 * @throws DatabaseError conflict if `skipLocked` is set and another transaction holds the agent, or there is none
 */
export async function lockAgent<W extends Wanted>(tx: Tx, of: Locking<W>, now: Date): Promise<StateOf<W>> {
  await takeLock(tx, of);
  return readAgent(tx, of, now);
}

/**
 * Locks an agent. One statement.
 * @throws AppError agent_not_found if there is none, or it is another tenant's, and `skipLocked` is not set
 * @throws DatabaseError conflict if `skipLocked` is set and the agent is missing or another transaction holds it
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
      ? new DatabaseError('conflict', `another call has locked agent ${agentId}`)
      : agentNotFound(of.ref ?? agentId);
}

/** An agent's row as read by the statement that locks it. */
export interface LockedAgent {
  readonly id: string;
  readonly status: AgentStatus;
  readonly lastHeartbeatAt: Date | null;
  readonly beatSeconds: number | null;
}

/**
 * For jobs: changes, in one transaction, those of many agents that no other transaction holds. The others wait for the
 * job's next run. A holder is changing its agent, or was killed: then the Data API keeps the locks for three minutes,
 * during which one agent must not hold up all (docs/adr/0013).
 * @param change gets the current rows of the free agents. It must address their rows by primary key (`byPrimaryKey`):
 * through another index an update would wait for agents that are locked elsewhere.
 * @returns what `change` returns, or `none` if no agent is free
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
