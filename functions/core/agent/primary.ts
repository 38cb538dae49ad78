import { sql } from 'kysely';
import { DatabaseError } from '../../shared/data-api/errors.ts';
import type { Tx } from '../../shared/db.ts';
import type { InstanceStatus, Mode } from '../../shared/schema.ts';

/** The machine that takes over. What is `undefined` is not known, and keeps what the database has. */
export interface Machine {
  readonly instanceId: string;
  readonly instanceType?: string | undefined;
  readonly region?: string | undefined;
  readonly az?: string | undefined;
  readonly amiId?: string | undefined;
  readonly mode?: Mode | undefined;
  readonly spotPrice?: number | undefined;
  readonly onDemandPrice?: number | undefined;
  readonly launchedAt?: Date | undefined;
  /** What only the machine itself can tell, when it registers. */
  readonly host?: {
    readonly hostname: string | undefined;
    readonly privateIp: string | undefined;
    readonly publicIp: string | undefined;
    readonly agentVersion: string | undefined;
  };
}

export interface PrimaryChange {
  readonly agentId: string;
  readonly clientId: string;
  /** Of the agent as the transaction has locked it; the change raises it. */
  readonly epoch: number;
  readonly now: Date;
  readonly next: Machine;
  /** Whether `next` is the primary already, as when a switch is reported after its successor registered. */
  readonly wasPrimary: boolean;
  /** What becomes of machines that were the primary, or were said to be. */
  readonly former: readonly {
    readonly instanceId: string;
    readonly becomes: Exclude<InstanceStatus, 'running_primary'>;
  }[];
  /** The command that this change fulfils. */
  readonly command?: { readonly id: string; readonly closes: boolean } | undefined;
  readonly isSwitch: boolean;
  /** Whether the agent is still carrying out a switch after this. */
  readonly staysSwitching: boolean;
  /** The standby that `next` was until now. */
  readonly promotion?: Promotion | undefined;
}

export interface Promotion {
  readonly replicaId: string;
  /** The termination notice that this answers; without one, somebody asked for the promotion. */
  readonly failover?: { readonly noticeId: string; readonly timeMs: number } | undefined;
}

/** A pool's id, `type.az`; `null` for a machine that is in none. */
export const poolOf = (
  mode: Mode | undefined,
  instanceType: string | null | undefined,
  az: string | null | undefined,
) => (mode === 'spot' && instanceType && az ? `${instanceType}.${az}` : null);

/**
 * Makes a machine the primary of its agent, in two statements: the agent, the machines that step down and the command
 * that asked for it change together, then the new machine is written. The caller holds the agent's row locked.
 * Every change of primary goes through here; each raises `agents.epoch`.
 * @throws DatabaseError conflict when the epoch has moved on, so that the transaction looks again
 */
export async function changePrimary(tx: Tx, change: PrimaryChange): Promise<void> {
  await stepDown(tx, change);
  await writePrimary(tx, change);
}

async function stepDown(
  tx: Tx,
  {
    agentId,
    clientId,
    epoch,
    now,
    next,
    wasPrimary,
    former,
    command,
    isSwitch,
    staysSwitching,
    promotion,
  }: PrimaryChange,
) {
  const known = next.mode !== undefined && next.mode !== 'unknown';
  const ids = former.map((machine) => machine.instanceId);
  const closes = command?.closes ?? false;
  // It was decided for a machine that is gone now, and no move is wanted right after an emergency (contract 13.4).
  const withdraws = promotion?.failover !== undefined;
  const becoming = (status: InstanceStatus) =>
    inList(former.filter((m) => m.becomes === status).map((m) => m.instanceId));
  const result = await sql`
    UPDATE agents AS a
      LEFT JOIN instances AS f ON f.agent_id = a.id AND f.client_id = a.client_id AND f.id IN ${inList(ids)} AND f.instance_status <> 'terminated'
      LEFT JOIN commands AS c ON c.agent_id = a.id AND ${withdraws ? pendingSwitch : sql`c.id = ${command?.id ?? null}`}
      LEFT JOIN replica_instances AS r ON r.agent_id = a.id AND ${standbyOf(next, promotion)}
      LEFT JOIN spot_interruption_events AS e ON e.agent_id = a.id AND e.id = ${promotion?.failover?.noticeId ?? null}
    SET a.epoch = a.epoch + ${wasPrimary ? 0 : 1}, a.version = a.version + 1, a.updated_at = ${now},
        a.status = ${staysSwitching ? 'switching' : 'online'},
        a.last_heartbeat_at = ${now}, a.terminated_at = NULL,
        a.instance_id = ${next.instanceId},
        a.instance_type = COALESCE(${next.instanceType ?? null}, a.instance_type),
        a.region = COALESCE(${next.region ?? null}, a.region),
        a.az = COALESCE(${next.az ?? null}, a.az),
        a.ami_id = COALESCE(${next.amiId ?? null}, a.ami_id),
        a.hostname = IF(${next.host !== undefined}, ${next.host?.hostname ?? null}, a.hostname),
        a.private_ip = IF(${next.host !== undefined}, ${next.host?.privateIp ?? null}, a.private_ip),
        a.public_ip = IF(${next.host !== undefined}, ${next.host?.publicIp ?? null}, a.public_ip),
        a.agent_version = COALESCE(${next.host?.agentVersion ?? null}, a.agent_version),
        a.current_mode = IF(${known}, ${next.mode ?? null}, a.current_mode),
        a.current_pool_id = IF(${known}, ${poolOf(next.mode, next.instanceType, next.az)}, a.current_pool_id),
        a.pending_termination_at = IF(${wasPrimary}, a.pending_termination_at, NULL),
        a.pending_termination_instance = IF(${wasPrimary}, a.pending_termination_instance, NULL),
        a.last_failover_at = IF(e.id IS NULL, a.last_failover_at, ${now}),
        a.last_termination_notice_at = IF(e.id IS NULL, a.last_termination_notice_at, ${now}),
        a.last_interruption_signal = IF(e.id IS NULL, a.last_interruption_signal, 'termination-notice'),
        a.interruption_handled_count = a.interruption_handled_count + IF(e.id IS NULL, 0, 1),
        r.status = 'promoted', r.promoted_at = ${now}, r.instance_id = ${next.instanceId},
        r.launched_at = COALESCE(r.launched_at, ${now}), r.ready_at = COALESCE(r.ready_at, ${now}),
        e.failover_completed = TRUE, e.success = TRUE, e.replica_ready = TRUE, e.replica_id = ${promotion?.replicaId ?? null},
        e.failover_time_ms = ${promotion?.failover?.timeMs ?? null}, e.response_action = 'promoted-replica',
        a.last_switch_at = IF(${isSwitch}, ${now}, a.last_switch_at),
        f.is_primary = FALSE, f.version = f.version + 1,
        f.is_active = (f.id IN ${becoming('running_replica')}),
        f.instance_status = CASE WHEN f.id IN ${becoming('terminated')} THEN 'terminated'
          WHEN f.id IN ${becoming('running_replica')} THEN 'running_replica' ELSE 'zombie' END,
        f.zombie_at = IF(f.id IN ${becoming('zombie')}, COALESCE(f.zombie_at, ${now}), f.zombie_at),
        f.terminated_at = IF(f.id IN ${becoming('terminated')}, COALESCE(f.terminated_at, ${now}), f.terminated_at),
        f.termination_confirmed = IF(f.id IN ${becoming('terminated')}, TRUE, f.termination_confirmed),
        c.new_instance_id = IF(${withdraws}, c.new_instance_id, ${next.instanceId}),
        c.status = IF(${closes}, 'completed', IF(${withdraws}, 'cancelled', c.status)),
        c.success = IF(${closes}, TRUE, c.success),
        c.message = IF(${withdraws}, 'superseded by a failover', c.message),
        c.completed_at = IF(${closes || withdraws}, COALESCE(c.completed_at, ${now}), c.completed_at)
    WHERE a.id = ${agentId} AND a.client_id = ${clientId} AND a.epoch = ${epoch}
      AND (${promotion === undefined} OR r.status IN ('launching', 'syncing', 'ready'))`.execute(tx);
  if (!result.numAffectedRows) throw new DatabaseError('conflict', `agent ${agentId} has left epoch ${epoch}`);
}

/** Writes the machine as its agent's primary; no other one may be left, which the key `uq_instances_primary_of` holds. */
export async function writePrimary(
  tx: Tx,
  { agentId, clientId, now, next, isSwitch }: Pick<PrimaryChange, 'agentId' | 'clientId' | 'now' | 'next' | 'isSwitch'>,
) {
  const known = next.mode !== undefined && next.mode !== 'unknown';
  const facts = {
    instanceType: next.instanceType ?? null,
    region: next.region ?? null,
    az: next.az ?? null,
    amiId: next.amiId ?? null,
    spotPrice: next.spotPrice ?? null,
    ondemandPrice: next.onDemandPrice ?? null,
  };
  await tx
    .insertInto('instances')
    .values({
      id: next.instanceId,
      clientId,
      agentId,
      ...facts,
      baselineOndemandPrice: facts.ondemandPrice,
      instanceStatus: 'running_primary',
      isPrimary: true,
      isActive: true,
      currentMode: next.mode ?? 'unknown',
      currentPoolId: poolOf(next.mode, next.instanceType, next.az),
      installedAt: next.launchedAt ?? now,
      lastSeenAt: now,
      lastSwitchAt: isSwitch ? now : null,
      createdAt: now,
    })
    .onDuplicateKeyUpdate((eb) => ({
      instanceStatus: 'running_primary',
      isPrimary: true,
      isActive: true,
      version: eb('instances.version', '+', 1),
      zombieAt: null,
      lastSeenAt: now,
      ...(isSwitch && { lastSwitchAt: now }),
      ...Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null)),
      ...(known && { currentMode: next.mode!, currentPoolId: poolOf(next.mode, next.instanceType, next.az) }),
    }))
    .execute();
}

const pendingSwitch = sql`c.command_type = 'switch' AND c.status = 'pending'`;

/** The standby that takes over: the one that was chosen; and a machine that comes by another way may be one as well. */
const standbyOf = ({ instanceId }: Machine, promotion: Promotion | undefined) =>
  promotion
    ? sql`r.id = ${promotion.replicaId}`
    : sql`r.instance_id = ${instanceId} AND r.status IN ('launching', 'syncing', 'ready')`;

/** `IN ()` is no SQL; an empty list of ids is one with the empty text, which is no id. (With NULL it would be unknown.) */
export const inList = (ids: readonly string[]) => sql`(${sql.join(ids.length > 0 ? ids : [''])})`;
