import { sql } from 'kysely';
import { DatabaseError } from '../../shared/data-api/errors.ts';
import type { Db, Tx } from '../../shared/db.ts';
import type { InstanceStatus } from '../../shared/schema.ts';
import { poolOf } from '../pool/pool-id.ts';
import type { InstanceFacts } from './instance-facts.ts';
import { isSwitch, type NewPrimary, type PrimaryChange } from './primary-change.ts';

/** Writes rows of `instances`: inserts them, and updates them while the instance lives. */
interface OfInstance {
  readonly clientId: string;
  readonly agentId: string;
  readonly instanceId: string;
}

/** Upserts an instance as its agent's primary. The key `uq_instances_primary_of` ensures that there is no other one. */
export async function upsertPrimary(
  tx: Tx,
  change: Pick<PrimaryChange, 'agent' | 'cause' | 'wasPrimary'> & { readonly next: NewPrimary },
  now: Date,
): Promise<void> {
  const { agent, next, cause, wasPrimary = false } = change;
  const isModeKnown = next.mode !== undefined && next.mode !== 'unknown';
  const currentPoolId = poolOf(next.mode, next.instanceType, next.az);
  const facts = {
    instanceType: next.instanceType ?? null,
    region: next.region ?? null,
    az: next.az ?? null,
    amiId: next.amiId ?? null,
    spotPrice: next.spotPrice ?? null,
    ondemandPrice: next.onDemandPrice ?? null,
  };
  const since = wasPrimary ? {} : { primaryCause: cause, primarySince: now };
  await tx
    .insertInto('instances')
    .values({
      id: next.instanceId,
      clientId: agent.clientId,
      agentId: agent.id,
      ...facts,
      baselineOndemandPrice: facts.ondemandPrice,
      instanceStatus: 'running_primary',
      isPrimary: true,
      isActive: true,
      ...since,
      currentMode: next.mode ?? 'unknown',
      currentPoolId,
      installedAt: next.launchedAt ?? now,
      lastSeenAt: now,
      lastSwitchAt: isSwitch(change) ? now : null,
      createdAt: now,
    })
    .onDuplicateKeyUpdate((eb) => ({
      instanceStatus: 'running_primary',
      isPrimary: true,
      isActive: true,
      version: eb('instances.version', '+', 1),
      zombieAt: null,
      detachedAt: null,
      terminatedAt: null,
      lastSeenAt: now,
      ...since,
      ...(isSwitch(change) && { lastSwitchAt: now }),
      ...Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null)),
      ...(isModeKnown && { currentMode: next.mode!, currentPoolId }),
    }))
    .execute();
}

/** An instance that runs its agent's process and is not the primary. */
type Extra = OfInstance & InstanceFacts;

const rowOf = (instance: Extra, status: InstanceStatus, now: Date) => ({
  id: instance.instanceId,
  clientId: instance.clientId,
  agentId: instance.agentId,
  instanceType: instance.instanceType ?? null,
  region: instance.region ?? null,
  az: instance.az ?? null,
  amiId: instance.amiId ?? null,
  instanceStatus: status,
  isActive: status === 'running_replica',
  currentMode: instance.mode ?? ('unknown' as const),
  currentPoolId: poolOf(instance.mode, instance.instanceType, instance.az),
  installedAt: now,
  createdAt: now,
});

/** Upserts an instance that registers while the primary lives: it waits until the primary falls silent. */
export const keepBesidePrimary = (tx: Tx, instance: Extra, now: Date) =>
  tx
    .insertInto('instances')
    .values({ ...rowOf(instance, 'running_replica', now), lastSeenAt: now })
    .onDuplicateKeyUpdate({ instanceStatus: 'running_replica', isActive: true, lastSeenAt: now })
    .execute();

/** Inserts an instance that a later switch superseded, as a zombie: it still costs money and has to be terminated. */
export const keepAsZombie = (tx: Tx, instance: Extra, now: Date) =>
  tx
    .insertInto('instances')
    .values({ ...rowOf(instance, 'zombie', now), zombieAt: now })
    .onDuplicateKeyUpdate((eb) => ({ version: eb('instances.version', '+', 1) }))
    .execute();

/**
 * Inserts the instance of a standby. One that is already the primary, or gone, stays what it is.
 * @param instance `isKept: false` for one that nobody wants: it is listed for termination until it is confirmed gone,
 * even if it has already registered and waits beside the primary
 */
export async function enterStandbyInstance(tx: Tx, instance: Omit<Extra, 'mode'> & { isKept: boolean }, now: Date) {
  const { isKept } = instance;
  const row = rowOf({ ...instance, mode: 'spot' }, isKept ? 'running_replica' : 'terminated', now);
  await tx
    .insertInto('instances')
    .values({ ...row, lastSeenAt: now, terminatedAt: isKept ? null : now })
    .onDuplicateKeyUpdate((eb) => ({
      version: eb('instances.version', '+', 1),
      ...(!isKept && terminatedIfWaiting(now)),
    }))
    .execute();
}

/** The order matters: MySQL assigns from left to right, so the status that the other columns depend on is set last. */
function terminatedIfWaiting(now: Date) {
  const waits = sql<boolean>`instances.instance_status = 'running_replica'`;
  return {
    isActive: sql<boolean>`IF(${waits}, FALSE, instances.is_active)`,
    terminatedAt: sql<Date | null>`IF(${waits}, ${now}, instances.terminated_at)`,
    instanceStatus: sql<InstanceStatus>`IF(${waits}, 'terminated', instances.instance_status)`,
  };
}

/**
 * Records that an instance is alive. One that was given up for its silence is listed for termination from now on: it is
 * alive, but nobody needs it any more.
 */
export const markSeen = (db: Db, { clientId, agentId, instanceId }: OfInstance, now: Date) =>
  db
    .updateTable('instances')
    .set((eb) => ({
      lastSeenAt: now,
      terminatedAt: sql<Date | null>`IF(instance_status = 'terminated', COALESCE(terminated_at, ${now}), terminated_at)`,
      version: eb('version', '+', 1),
    }))
    .where('id', '=', instanceId)
    .where('agentId', '=', agentId)
    .where('clientId', '=', clientId)
    .execute();

/** Closes an instance beside the primary whose agent reported its end. A standby on it fails later, for its silence. */
export const endInstance = (tx: Tx, { clientId, agentId, instanceId }: OfInstance, now: Date) =>
  tx
    .updateTable('instances')
    .set((eb) => ({
      instanceStatus: 'terminated',
      isActive: false,
      terminatedAt: eb.fn.coalesce('terminatedAt', eb.val(now)),
      terminationConfirmed: true,
      version: eb('version', '+', 1),
    }))
    .where('id', '=', instanceId)
    .where('agentId', '=', agentId)
    .where('clientId', '=', clientId)
    .where('isPrimary', '=', false)
    .execute();

/**
 * Moves an instance that is not a primary from one agent to another of the same tenant.
 * @throws DatabaseError conflict if it has become a primary meanwhile, so that the transaction is retried
 */
export async function moveInstance(tx: Tx, { clientId, agentId, instanceId }: OfInstance): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('instances')
    .set((eb) => ({ agentId, instanceStatus: 'running_replica', version: eb('version', '+', 1) }))
    .where('id', '=', instanceId)
    .where('clientId', '=', clientId)
    .where('isPrimary', '=', false)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new DatabaseError('conflict', `instance ${instanceId} has become a primary`);
}
