import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { AppError, agentNotFound } from '../../shared/errors.ts';
import { heldTo } from '../../shared/fields.ts';
import { type OfAgent, parseHandle } from '../agent/identity.ts';
import { record } from '../event/events.ts';

/** A machine whose termination was tried is left alone for this long, and given up after this many tries (contract X3). */
const retryAfterMs = 5 * 60_000;
export const maxAttempts = 12;

/** A zombie terminates itself; if its agent is dead, the primary is asked this much later (contract 9.8). */
const fallbackMs = 2 * 60_000;

/**
 * The machines of this agent that are to go (contract X3): zombies whose wait is over, and replicas that were
 * terminated and have not been seen to go. Never another agent's, and never the caller while it is the primary.
 * One statement; empty where auto-terminate is off.
 */
export async function instancesToTerminate(db: Db, { clientId, ref, now }: OfAgent & { now: Date }) {
  const { agentId, instanceId } = parseHandle(ref);
  const retryBefore = new Date(now.getTime() - retryAfterMs);
  const rows = await db
    .selectFrom('agents as a')
    .leftJoin('instances as i', (join) =>
      join
        .onRef('i.agentId', '=', 'a.id')
        .onRef('i.clientId', '=', 'a.clientId')
        .on('i.instanceStatus', 'in', ['zombie', 'terminated'])
        .on('i.terminationConfirmed', '=', false)
        .on('i.terminationAttempts', '<', maxAttempts)
        .on((eb) =>
          eb.or([eb('i.terminationAttemptedAt', 'is', null), eb('i.terminationAttemptedAt', '<=', retryBefore)]),
        ),
    )
    .select(['a.autoTerminateEnabled', 'a.terminateWaitSeconds', 'a.instanceId as primaryId'])
    .select(['i.id', 'i.instanceType', 'i.az', 'i.instanceStatus', 'i.zombieAt', 'i.terminatedAt'])
    .where('a.id', '=', agentId)
    .where('a.clientId', '=', clientId)
    .execute();
  const [agent] = rows;
  if (!agent) throw agentNotFound(ref);
  const caller = instanceId ?? agent.primaryId;
  const wait = agent.terminateWaitSeconds;
  const due = rows.flatMap((row) => {
    const since = row.instanceStatus === 'zombie' ? row.zombieAt : row.terminatedAt;
    if (!agent.autoTerminateEnabled || row.id === null || since === null) return [];
    const waitedMs = now.getTime() - since.getTime();
    const isZombie = row.instanceStatus === 'zombie';
    const ownWaitMs = isZombie ? wait * 1000 : 0;
    const waitMs = ownWaitMs + (row.id !== caller && isZombie ? fallbackMs : 0);
    // A machine that is not the primary sees nobody but itself.
    if (waitedMs < waitMs || (row.id !== caller && caller !== agent.primaryId)) return [];
    return [
      {
        instance_id: row.id,
        instance_type: row.instanceType,
        az: row.az,
        reason: isZombie ? ('zombie_timeout' as const) : ('replica_terminated' as const),
        seconds_waiting: Math.floor(waitedMs / 1000),
      },
    ];
  });
  return { instances: due, auto_terminate_enabled: agent.autoTerminateEnabled, terminate_wait_seconds: wait };
}

interface TerminationReport extends OfAgent {
  readonly now: Date;
  readonly body: {
    instance_id: string;
    success: boolean;
    error?: string | undefined;
    terminated_at?: Date | undefined;
  };
}

/**
 * What became of a termination (contract X4): gone machines are confirmed and never listed again; a failure counts, and
 * the last try tells the tenant that a machine may still run and cost. The primary is not ended by anybody's report.
 * @throws AppError instance_not_found for a machine that is not this agent's
 */
export async function reportTermination(db: Db, { clientId, ref, now, body }: TerminationReport): Promise<void> {
  const { agentId } = parseHandle(ref);
  const id = body.instance_id;
  const machine = await db
    .selectFrom('agents as a')
    .leftJoin('instances as i', (join) =>
      join.on('i.id', '=', id).onRef('i.agentId', '=', 'a.id').onRef('i.clientId', '=', 'a.clientId'),
    )
    .select(['a.logicalAgentId', 'i.id', 'i.isPrimary', 'i.terminationAttempts', 'i.terminationConfirmed'])
    .where('a.id', '=', agentId)
    .where('a.clientId', '=', clientId)
    .executeTakeFirst();
  if (!machine) throw agentNotFound(ref);
  if (machine.id === null) throw new AppError('instance_not_found', `Instance ${id} is not one of this agent's`);
  if (machine.isPrimary || machine.terminationConfirmed) return;
  const of = { clientId, agentId, instanceId: id };
  if (body.success) {
    const at = heldTo(now, body.terminated_at);
    await confirmTerminations(db, [{ ...of, logicalAgentId: machine.logicalAgentId, at }], now);
    return;
  }
  const attempts = machine.terminationAttempts! + 1;
  await record(db, now, {
    ...of,
    type: 'instance_termination_failed',
    severity: attempts >= maxAttempts ? 'error' : 'warning',
    message: `Machine ${id} of agent ${machine.logicalAgentId} could not be terminated (try ${attempts} of ${maxAttempts}): ${body.error ?? 'no reason given'}`,
    notify: attempts >= maxAttempts,
    dedupeKey: `termination_failed:${id}:${attempts}`,
  });
  await countAttempt(db, of, machine.terminationAttempts!, now);
}

interface OfMachine {
  readonly clientId: string;
  readonly agentId: string;
  readonly instanceId: string;
}

/** A machine that was seen to be gone, and since when. */
export interface Gone extends OfMachine {
  readonly logicalAgentId: string;
  readonly at: Date;
}

/**
 * Closes machines that are seen to be gone, whoever saw it. Said before it is done: what was cut off in between is done
 * again, and says it once.
 */
export async function confirmTerminations(db: Db, machines: readonly Gone[], now: Date): Promise<void> {
  const events = machines.map(({ clientId, agentId, instanceId, logicalAgentId }) => ({
    clientId,
    agentId,
    instanceId,
    type: 'instance_terminated',
    severity: 'info' as const,
    message: `Machine ${instanceId} of agent ${logicalAgentId} is terminated`,
    dedupeKey: `terminated:${instanceId}`,
  }));
  await record(db, now, ...events);
  for (const machine of machines) await confirmTermination(db, machine, machine.at, now);
}

/** Machine and replica row together: terminated, seen to be gone. */
export const confirmTermination = (db: Db, { clientId, agentId, instanceId }: OfMachine, at: Date, now: Date) =>
  sql`
    UPDATE instances AS i LEFT JOIN replica_instances AS r ON r.instance_id = i.id AND r.agent_id = i.agent_id
    SET i.instance_status = 'terminated', i.is_active = FALSE, i.terminated_at = COALESCE(i.terminated_at, ${at}),
        i.termination_attempted_at = ${now}, i.termination_confirmed = TRUE, i.version = i.version + 1,
        r.status = IF(r.status IN ('promoted', 'failed'), r.status, 'terminated'), r.terminated_at = COALESCE(r.terminated_at, ${at}),
        r.termination_attempted_at = ${now}, r.termination_confirmed = TRUE
    WHERE i.id = ${instanceId} AND i.agent_id = ${agentId} AND i.client_id = ${clientId} AND NOT i.is_primary`.execute(
    db,
  );

/** Counted from what was read, so that a repeated statement counts once. */
const countAttempt = (db: Db, { clientId, agentId, instanceId }: OfMachine, attempts: number, now: Date) =>
  db
    .updateTable('instances')
    .set((eb) => ({ terminationAttempts: attempts + 1, terminationAttemptedAt: now, version: eb('version', '+', 1) }))
    .where('id', '=', instanceId)
    .where('agentId', '=', agentId)
    .where('clientId', '=', clientId)
    .where('terminationAttempts', '=', attempts)
    .execute();
