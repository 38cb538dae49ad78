import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { AppError, agentNotFound } from '../../shared/errors.ts';
import { readHearing } from '../agent/hearing.ts';
import { type OfAgent, parseHandle } from '../agent/identity.ts';
import { heardUntil, isSilent } from '../agent/liveness.ts';
import { record } from '../event/events.ts';
import { type LeavingInstance, type LeavingInstances, maxAttempts } from './policy.ts';

interface ListedInstance extends LeavingInstance {
  readonly instanceType: string | null;
  readonly az: string | null;
}

/**
 * Reads what the policy decides on: an agent's instances that have to end. One statement, two while its primary is
 * silent. `undefined` if there is no such agent.
 */
export async function readLeaving(
  db: Db,
  { clientId, agentId }: { clientId: string; agentId: string },
  now: Date,
): Promise<LeavingInstances<ListedInstance> | undefined> {
  const rows = await db
    .selectFrom('agents as a')
    .leftJoin('instances as i', (join) =>
      join
        .onRef('i.agentId', '=', 'a.id')
        .onRef('i.clientId', '=', 'a.clientId')
        .on('i.instanceStatus', 'in', ['zombie', 'terminated'])
        .on('i.terminationConfirmed', '=', false),
    )
    .leftJoin('instances as p', 'p.primaryOf', 'a.id')
    .select(['a.autoTerminateEnabled', 'a.terminateWaitSeconds', 'a.instanceId as primaryId', 'a.beatSeconds'])
    .select('p.lastSeenAt')
    .select(['i.id', 'i.instanceType', 'i.az', 'i.instanceStatus', 'i.zombieAt', 'i.terminatedAt'])
    .select(['i.terminationAttempts', 'i.terminationAttemptedAt'])
    .where('a.id', '=', agentId)
    .where('a.clientId', '=', clientId)
    .execute();
  const [agent] = rows;
  if (!agent) return undefined;
  const { autoTerminateEnabled: isAutoTerminate, terminateWaitSeconds: waitSeconds, primaryId } = agent;
  const heard = heardUntil(agent, agent.lastSeenAt);
  const isPrimaryHeard = !isSilent(heard, undefined, now) || !isSilent(heard, await readHearing(db), now);
  const instances = rows.flatMap(({ id, instanceType, az, ...row }) => {
    if (id === null) return [];
    const isZombie = row.instanceStatus === 'zombie';
    return {
      id,
      instanceType,
      az,
      status: isZombie ? ('zombie' as const) : ('terminated' as const),
      since: isZombie ? row.zombieAt : row.terminatedAt,
      attempts: row.terminationAttempts ?? 0,
      attemptedAt: row.terminationAttemptedAt,
    };
  });
  return { agent: { isAutoTerminate, waitSeconds, primaryId, isPrimaryHeard }, instances };
}

/** SQL: whether the policy may ask to terminate instance `x` of `agents AS a`, now or later. */
export const isLeaving = sql<boolean>`(a.auto_terminate_enabled
  AND x.instance_status IN ('zombie', 'terminated') AND NOT x.termination_confirmed
  AND x.termination_attempts < ${sql.lit(maxAttempts)}
  AND IF(x.instance_status = 'zombie', x.zombie_at, x.terminated_at) IS NOT NULL)`;

interface Report extends OfAgent {
  readonly instanceId: string;
  readonly outcome: { readonly goneAt: Date } | { readonly error: string | undefined };
}

/**
 * Records the outcome of a termination. An instance that is gone is confirmed and never listed again. A failure is
 * counted, and the last attempt notifies the tenant that an instance may still run and cost money. A report never ends
 * the primary.
 * @throws AppError agent_not_found; instance_not_found for an instance that is not this agent's
 */
export async function reportTermination(
  db: Db,
  { clientId, ref, instanceId, outcome }: Report,
  now: Date,
): Promise<void> {
  const { agentId } = parseHandle(ref);
  const instance = await db
    .selectFrom('agents as a')
    .leftJoin('instances as i', (join) =>
      join.on('i.id', '=', instanceId).onRef('i.agentId', '=', 'a.id').onRef('i.clientId', '=', 'a.clientId'),
    )
    .select(['a.logicalAgentId', 'i.id', 'i.isPrimary', 'i.terminationAttempts', 'i.terminationConfirmed'])
    .where('a.id', '=', agentId)
    .where('a.clientId', '=', clientId)
    .executeTakeFirst();
  if (!instance) throw agentNotFound(ref);
  if (instance.id === null)
    throw new AppError('instance_not_found', `Instance ${instanceId} is not one of this agent's`);
  if (instance.isPrimary || instance.terminationConfirmed) return;
  const of = { clientId, agentId, instanceId, logicalAgentId: instance.logicalAgentId };
  if ('goneAt' in outcome) await confirmTerminations(db, [{ ...of, goneAt: outcome.goneAt }], now);
  else await recordFailure(db, { ...of, error: outcome.error, attempts: instance.terminationAttempts ?? 0 }, now);
}

interface OfInstance {
  readonly clientId: string;
  readonly agentId: string;
  readonly instanceId: string;
}

interface NamedInstance extends OfInstance {
  readonly logicalAgentId: string;
}

/** An instance that is gone, and since when. */
export interface GoneInstance extends NamedInstance {
  readonly goneAt: Date;
}

/**
 * Closes instances that are gone, whoever noticed. The events are written first: a run that was cut off in between does
 * both again, and the dedupe key prevents a second event.
 */
export async function confirmTerminations(db: Db, instances: readonly GoneInstance[], now: Date): Promise<void> {
  const events = instances.map(({ clientId, agentId, instanceId, logicalAgentId }) => ({
    clientId,
    agentId,
    instanceId,
    type: 'instance_terminated',
    severity: 'info' as const,
    message: `Instance ${instanceId} of agent ${logicalAgentId} is terminated`,
    dedupeKey: `terminated:${instanceId}`,
  }));
  await record(db, events, now);
  for (const instance of instances) await confirmTermination(db, instance, now);
}

/**
 * Closes an instance together with its standby, if it has one.
 * Sets columns of: instances, replica_instances.
 */
export const confirmTermination = (
  db: Db,
  { clientId, agentId, instanceId, goneAt }: OfInstance & { readonly goneAt: Date },
  now: Date,
) =>
  sql`
    UPDATE instances AS i LEFT JOIN replica_instances AS r ON r.instance_id = i.id AND r.agent_id = i.agent_id
    SET i.instance_status = 'terminated', i.is_active = FALSE, i.terminated_at = COALESCE(i.terminated_at, ${goneAt}),
        i.termination_attempted_at = ${now}, i.termination_confirmed = TRUE, i.version = i.version + 1,
        r.status = IF(r.status IN ('promoted', 'failed'), r.status, 'terminated'), r.terminated_at = COALESCE(r.terminated_at, ${goneAt}),
        r.termination_attempted_at = ${now}, r.termination_confirmed = TRUE
    WHERE i.id = ${instanceId} AND i.agent_id = ${agentId} AND i.client_id = ${clientId} AND NOT i.is_primary`.execute(
    db,
  );

/**
 * Records when EC2 began to shut down a retired instance: it stops billing then, and may report the end minutes later. The
 * instance is not confirmed gone by this.
 * Sets columns of: instances.
 */
export const recordShutdown = (db: Db, { clientId, agentId, instanceId, at }: OfInstance & { readonly at: Date }) =>
  db
    .updateTable('instances')
    .set((eb) => ({ terminatedAt: eb.fn.coalesce('terminatedAt', eb.val(at)), version: eb('version', '+', 1) }))
    .where('id', '=', instanceId)
    .where('agentId', '=', agentId)
    .where('clientId', '=', clientId)
    .where('instanceStatus', 'in', ['zombie', 'terminated'])
    .where('terminationConfirmed', '=', false)
    .execute();

/**
 * Counts a failed attempt from the count that was read, so that a retried statement counts once.
 * Sets columns of: instances.
 */
async function recordFailure(
  db: Db,
  {
    clientId,
    agentId,
    instanceId,
    logicalAgentId,
    error,
    attempts,
  }: NamedInstance & { error: string | undefined; attempts: number },
  now: Date,
): Promise<void> {
  const attempt = attempts + 1;
  const isLast = attempt >= maxAttempts;
  await record(
    db,
    {
      clientId,
      agentId,
      instanceId,
      type: 'instance_termination_failed',
      severity: isLast ? 'error' : 'warning',
      message: `Instance ${instanceId} of agent ${logicalAgentId} could not be terminated (attempt ${attempt} of ${maxAttempts}): ${error ?? 'no reason given'}`,
      notify: isLast,
      dedupeKey: `termination_failed:${instanceId}:${attempt}`,
    },
    now,
  );
  await db
    .updateTable('instances')
    .set((eb) => ({ terminationAttempts: attempt, terminationAttemptedAt: now, version: eb('version', '+', 1) }))
    .where('id', '=', instanceId)
    .where('agentId', '=', agentId)
    .where('clientId', '=', clientId)
    .where('terminationAttempts', '=', attempts)
    .execute();
}
