import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type * as z from 'zod';
import type { CreateReplicaRequest } from '../../replica/routes.ts';
import { type Db, type Tx, transact } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import type { InstanceStatus } from '../../shared/schema.ts';
import { isV3 } from '../agent/identity.ts';
import { record, type SystemEvent } from '../event/events.ts';
import { type Candidate, candidatesFor, choosePool } from './placement.ts';
import { type Asked, lockAgent, type StandbyState } from './state.ts';

type Request = z.output<typeof CreateReplicaRequest>;

interface CreateCall extends Asked {
  readonly now: Date;
  readonly body: Request;
}

/** What a new standby starts from; the rest of its row is derived. */
interface NewStandby {
  readonly type: 'manual' | 'automatic-rebalance' | 'automatic-termination';
  readonly createdBy: string;
  readonly tags?: Record<string, unknown> | undefined;
}

/**
 * R1: somebody wants a standby, or an agent has launched one on command. The latter is accepted whatever the settings: the
 * machine exists, and one that is not wanted is entered as terminated, so that it is removed and not orphaned.
 * @throws AppError agent_not_found, manual_mode_off, replica_exists, no_suitable_pool, pool_not_found, invalid_request
 */
export async function createReplica(db: Db, call: CreateCall) {
  const { body, now } = call;
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, { ...call, machineId: body.instance_id });
    if (body.instance_id?.startsWith('i-')) return adoptMachine(tx, state, body, body.instance_id, now);
    requireWanted(state);
    const pool = await poolFor(tx, state, body, now);
    const replica = await insertStandby(
      tx,
      state,
      pool,
      { type: 'manual', createdBy: body.created_by, tags: body.tags },
      now,
    );
    return answer(replica.id, null, pool, 'launching', 'The agent launches the replica with its next poll');
  });
}

/** Agents of version 3 know nothing of standbys: one that is queued for them would wait for ever. */
export const canLaunchStandbys = ({ agentVersion }: Pick<StandbyState['agent'], 'agentVersion'>) => !isV3(agentVersion);

/** @throws AppError agent_too_old */
export function requireStandbysLaunched({ agent }: StandbyState): void {
  if (canLaunchStandbys(agent)) return;
  throw new AppError('agent_too_old', `Agent is of version ${agent.agentVersion}, which cannot launch standbys`, {
    hint: 'Agents of version 4 can: install one on the machine',
  });
}

/** Manual mode keeps exactly one; the key on active manual replicas holds it for two calls at once. */
function requireWanted(state: StandbyState) {
  const { agent, standbys } = state;
  if (agent.status === 'offline')
    throw new AppError('agent_not_found', 'Agent is offline: nobody would launch the replica');
  requireStandbysLaunched(state);
  if (!agent.manualReplicaEnabled)
    throw new AppError('manual_mode_off', 'Manual replica mode is off', { hint: 'Turn manual replicas on first' });
  if (standbys.length > 0)
    throw new AppError('replica_exists', 'A replica is active already', {
      current_count: standbys.length,
      max_allowed: 1,
      note: 'Promote it or delete it first',
    });
}

async function poolFor(tx: Tx, state: StandbyState, body: Request, now: Date): Promise<Candidate> {
  const { agent, primary } = state;
  const candidates = await candidatesFor(tx, state, now);
  const wanted = body.pool_id ?? body.target_pool_id;
  if (wanted !== undefined) {
    const named = candidates.find((pool) => pool.id === wanted);
    if (named) return named;
    const type = wanted.slice(0, wanted.lastIndexOf('.'));
    if (type !== agent.instanceType && type.includes('.'))
      throw new AppError('pool_mismatch', `${wanted} is not of the agent's type`, {
        agent_type: agent.instanceType,
        pool_type: type,
      });
    throw new AppError('pool_not_found', `No pool ${wanted} is known`);
  }
  const wish = { excludeZones: body.exclude_zones, maxHourlyCost: body.max_hourly_cost, emergency: false };
  const pool = choosePool(candidates, { ...wish, primaryPool: primary?.poolId ?? null }, now);
  if (!pool)
    throw new AppError('no_suitable_pool', 'No other pool of the type and region has a fresh price', {
      hint: 'Name a pool, exclude fewer zones, or wait for the next price report',
    });
  return pool;
}

/** The row of a standby that has no machine yet. */
export const standbyRow = ({ agent, primary }: StandbyState, pool: Candidate, standby: NewStandby, now: Date) => ({
  id: randomUUID(),
  clientId: agent.clientId,
  agentId: agent.id,
  replicaType: standby.type,
  poolId: pool.id,
  instanceType: pool.instanceType,
  region: pool.region,
  az: pool.az,
  status: 'launching' as const,
  createdBy: standby.createdBy,
  parentInstanceId: primary?.id ?? null,
  hourlyCost: pool.price,
  tags: standby.tags ?? null,
  createdAt: now,
});

/**
 * Enters a standby that the agent is to launch. The caller holds the agent's lock.
 * @param also what else has happened, to be recorded in the same statement
 */
export async function insertStandby(
  tx: Tx,
  state: StandbyState,
  pool: Candidate,
  standby: NewStandby,
  now: Date,
  ...also: readonly SystemEvent[]
) {
  const { agent } = state;
  const row = standbyRow(state, pool, standby, now);
  await tx.insertInto('replicaInstances').values(row).execute();
  const created: SystemEvent = {
    clientId: agent.clientId,
    agentId: agent.id,
    type: 'replica_created',
    severity: 'info',
    message: `A standby of agent ${agent.logicalAgentId} is to be launched in ${pool.id}`,
    metadata: { replicaId: row.id, type: standby.type },
    dedupeKey: `replica_created:${row.id}`,
  };
  await record(tx, now, created, ...also);
  return row;
}

/** The machine runs already. Wanted or not, it is entered; entered once, however often it is reported. */
async function adoptMachine(tx: Tx, state: StandbyState, body: Request, instanceId: string, now: Date) {
  const { agent, primary, standbys } = state;
  requireOwnMachine(state, instanceId);
  const poolId = body.pool_id ?? body.target_pool_id ?? primary?.poolId ?? 'unknown.unknown';
  const [, type = 'unknown', az = 'unknown'] = /^(.{1,64})\.([^.]{1,48})$/.exec(poolId) ?? [];
  const pool = {
    id: poolId,
    name: `${type} (${az})`,
    instanceType: type,
    region: agent.region ?? 'unknown',
    az,
    price: null,
  };
  const known = await tx
    .selectFrom('replicaInstances')
    .select(['id', 'status', 'agentId'])
    .where('instanceId', '=', instanceId)
    .executeTakeFirst();
  if (known) {
    if (known.agentId !== agent.id)
      throw new AppError('instance_of_another_client', `Instance ${instanceId} is not this agent's`);
    return answer(known.id, instanceId, pool, known.status, 'The machine is known already');
  }
  const wanted = agent.manualReplicaEnabled && standbys.length === 0 && !isRetired(state);
  const id = randomUUID();
  await tx
    .insertInto('replicaInstances')
    .values({
      id,
      clientId: agent.clientId,
      agentId: agent.id,
      instanceId,
      replicaType: 'manual',
      poolId,
      instanceType: type,
      region: pool.region,
      az,
      status: wanted ? 'syncing' : 'terminated',
      syncStatus: 'syncing',
      createdBy: body.created_by,
      parentInstanceId: body.parent_instance_id ?? primary?.id ?? null,
      launchedAt: now,
      terminatedAt: wanted ? null : now,
      tags: body.tags ?? null,
      createdAt: now,
    })
    .execute();
  await writeStandbyMachine(tx, { agent, instanceId, instanceType: type, region: pool.region, az, runs: wanted }, now);
  const message = wanted
    ? 'The machine is the agent’s replica'
    : 'A replica is not wanted: the machine is to be terminated';
  return answer(id, instanceId, pool, wanted ? 'syncing' : 'terminated', message);
}

/**
 * A standby's machine is this agent's, and not its primary. Without this a caller could name a machine that it does not
 * have, and be made its owner by the promotion.
 */
export function requireOwnMachine({ agent, machine }: StandbyState, instanceId: string) {
  if (machine && (machine.clientId !== agent.clientId || machine.agentId !== agent.id))
    throw new AppError('instance_of_another_client', `Instance ${instanceId} is not this agent's`);
  if (machine?.isPrimary) throw new AppError('replica_has_machine', `Instance ${instanceId} is the agent's primary`);
}

/** A machine that is on its way out is nobody's standby any more: it would come back to life by its promotion. */
export const isRetired = ({ machine }: StandbyState) =>
  machine?.instanceStatus === 'zombie' || machine?.instanceStatus === 'terminated';

interface StandbyMachine {
  readonly agent: StandbyState['agent'];
  readonly instanceId: string;
  readonly instanceType: string;
  readonly region: string;
  readonly az: string;
  /** Whether it is kept; otherwise it is entered as terminated, and listed until it has been seen to go. */
  readonly runs: boolean;
}

/**
 * The row of a standby's machine. One that is the primary, or gone, stays what it is. A machine that is not kept may have
 * registered already, and wait beside the primary: it is to go nevertheless.
 */
export async function writeStandbyMachine(tx: Tx, machine: StandbyMachine, now: Date): Promise<void> {
  const { agent, runs } = machine;
  await tx
    .insertInto('instances')
    .values({
      id: machine.instanceId,
      clientId: agent.clientId,
      agentId: agent.id,
      instanceType: machine.instanceType,
      region: machine.region,
      az: machine.az,
      instanceStatus: runs ? 'running_replica' : 'terminated',
      isActive: runs,
      currentMode: 'spot',
      currentPoolId: `${machine.instanceType}.${machine.az}`,
      installedAt: now,
      lastSeenAt: now,
      terminatedAt: runs ? null : now,
      createdAt: now,
    })
    .onDuplicateKeyUpdate((eb) => ({
      version: eb('instances.version', '+', 1),
      ...(!runs && retired(now)),
    }))
    .execute();
}

/** In this order, for MySQL assigns from left to right: what is set last is what the others are decided on. */
const retired = (now: Date) => {
  const waits = sql<boolean>`instances.instance_status = 'running_replica'`;
  return {
    isActive: sql<boolean>`IF(${waits}, FALSE, instances.is_active)`,
    terminatedAt: sql<Date | null>`IF(${waits}, ${now}, instances.terminated_at)`,
    instanceStatus: sql<InstanceStatus>`IF(${waits}, 'terminated', instances.instance_status)`,
  };
};

type AnsweredPool = Pick<Candidate, 'id' | 'name' | 'instanceType' | 'region' | 'az' | 'price'>;

const answer = (replicaId: string, instanceId: string | null, pool: AnsweredPool, status: string, message: string) => ({
  success: true as const,
  replica_id: replicaId,
  instance_id: instanceId,
  pool: { id: pool.id, name: pool.name, instance_type: pool.instanceType, region: pool.region, az: pool.az },
  hourly_cost: pool.price,
  status,
  message,
});
