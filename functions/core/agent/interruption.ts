import { type ExpressionBuilder, sql } from 'kysely';
import { DatabaseError } from '../../shared/data-api/errors.ts';
import type { Db, Tx } from '../../shared/db.ts';
import { sumOfPages } from '../../shared/pages.ts';
import type { RunTime } from '../../shared/run-time.ts';
import type { Agent, Schema } from '../../shared/schema.ts';
import { msBefore } from '../../shared/time.ts';
import { updateFreeAgents } from './agents.ts';
import { isAlive } from './liveness.ts';
import { changeFreeAgents } from './lock.ts';

/** What an agent's row records of a notice or recommendation from EC2. */
interface Interruption {
  readonly agent: Pick<Agent, 'id' | 'clientId' | 'epoch'>;
  readonly instanceId: string;
  readonly signal: 'termination-notice' | 'rebalance-recommendation';
  readonly terminationTime: Date;
  /** Whether a standby was made for it. */
  readonly madeStandby: boolean;
  /** Whether the decision was based on no standby being able to take over. */
  readonly foundNone: boolean;
}

/**
 * Marks an agent whose primary EC2 takes or may take. The epoch ensures that the primary is still the one that this was
 * decided for. A decision based on no standby being able to take over is refused if one has come up since: that standby
 * will not announce itself again.
 * @throws DatabaseError conflict when either has changed, so that the decision is made again
 */
export async function markInterruption(tx: Tx, interruption: Interruption, now: Date): Promise<void> {
  const { agent, instanceId, signal, terminationTime, madeStandby, foundNone } = interruption;
  const isTermination = signal === 'termination-notice';
  const result = await tx
    .updateTable('agents')
    .set((eb) => ({
      version: eb('version', '+', 1),
      lastInterruptionSignal: signal,
      ...(isTermination ? { lastTerminationNoticeAt: now } : { lastRebalanceRecommendationAt: now }),
      ...(madeStandby && { emergencyReplicaCount: eb('emergencyReplicaCount', '+', 1) }),
      ...(isTermination && { pendingTerminationAt: terminationTime, pendingTerminationInstance: instanceId }),
    }))
    .where('id', '=', agent.id)
    .where('clientId', '=', agent.clientId)
    .where('epoch', '=', agent.epoch)
    .$if(foundNone, (query) => query.where((eb) => eb.not(eb.exists(standbysThatCanTakeOver(eb)))))
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n)
    throw new DatabaseError('conflict', `agent ${agent.id} has left epoch ${agent.epoch}`);
}

/** The standbys that can take over, for a subquery of a statement on `agents`. */
export const standbysThatCanTakeOver = (eb: ExpressionBuilder<Schema, 'agents'>) =>
  eb
    .selectFrom('replicaInstances as r')
    .select('r.id')
    .whereRef('r.agentId', '=', 'agents.id')
    .where('r.isActive', '=', true)
    .where('r.instanceId', 'is not', null)
    .where('r.status', 'in', ['syncing', 'ready']);

interface Survival {
  /** How long after its announced end an instance must still be alive. */
  readonly survivedMs: number;
  readonly time: RunTime;
}

/** Clears the mark of agents whose primary was to be taken but still sends heartbeats. @returns how many they are */
export function clearSurvived(db: Db, { survivedMs, time }: Survival, now: Date): Promise<number> {
  const survivedSince = msBefore(now, survivedMs);
  const read = (after: Marked | undefined) => marked(db, survivedSince, after);
  return sumOfPages({ read, size }, (page) => clear(db, page, survivedSince, now), time);
}

const size = 500;

type Marked = Awaited<ReturnType<typeof marked>>[number];

const marked = (db: Db, survivedSince: Date, after: { readonly id: string } | undefined) =>
  db
    .selectFrom('agents')
    .select(['id', 'lastHeartbeatAt'])
    .where('pendingTerminationAt', '<=', survivedSince)
    .$if(after !== undefined, (query) => query.where('id', '>', after!.id))
    .orderBy('id')
    .limit(size)
    .execute();

function clear(db: Db, page: readonly Marked[], survivedSince: Date, now: Date): Promise<number> {
  const alive = page.filter(({ lastHeartbeatAt }) => isAlive(lastHeartbeatAt, now)).map(({ id }) => id);
  return changeFreeAgents(db, { ids: alive, none: 0 }, (tx, free) =>
    updateFreeAgents(tx, {
      ids: free.map(({ id }) => id),
      set: sql`pending_termination_at = NULL, pending_termination_instance = NULL`,
      where: sql`pending_termination_at <= ${survivedSince}`,
    }),
  );
}
