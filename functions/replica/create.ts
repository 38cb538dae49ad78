import type * as z from 'zod';
import { lockAgent } from '../core/agent/lock.ts';
import type { AgentState } from '../core/agent/state.ts';
import { audit, type By } from '../core/event/audit.ts';
import { candidatesFor } from '../core/failover/candidates.ts';
import { type Candidate, choosePool } from '../core/failover/placement.ts';
import { createStandby } from '../core/failover/standby-rows.ts';
import { requireLaunches } from '../core/failover/standbys.ts';
import { type Db, type Tx, transact } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import { adoptInstance } from './adopt.ts';
import { answer } from './created.ts';
import type { OfAgent } from './of-replica.ts';
import type { CreateReplicaRequest } from './requests.ts';

type Body = z.output<typeof CreateReplicaRequest>;

/**
 * Creates a standby on request, or records one that an agent has launched on command (protocol R1). The latter is
 * accepted whatever the settings, because the instance exists: if it is not wanted, it is recorded as terminated, so
 * that it is removed and not orphaned.
 * @throws AppError agent_not_found, manual_mode_off, replica_exists, no_suitable_pool, pool_not_found, pool_mismatch
 */
export function createReplica(db: Db, { body, ...of }: OfAgent & { readonly body: Body }, by: By, now: Date) {
  const wanted = { standbys: true, instance: body.instance_id } as const;
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, { ...of, with: wanted }, now);
    if (body.instance_id?.startsWith('i-'))
      return adoptInstance(tx, state, { body, instanceId: body.instance_id }, now);
    requireWanted(state);
    const pool = await poolFor(tx, state, body, now);
    const standby = { type: 'manual', createdBy: body.created_by, tags: body.tags } as const;
    const { id } = await createStandby(tx, state, { pool, standby }, now);
    const { clientId } = state.agent;
    await audit(tx, by, { clientId, action: 'replica_created', targetId: id, after: { poolId: pool.id } }, now);
    const message = 'The agent launches the replica on its next poll';
    return answer({ id, instanceId: null, pool, status: 'launching', message });
  });
}

/** Manual mode keeps exactly one standby; between concurrent requests, the unique key on active manual ones decides. */
function requireWanted(state: AgentState<'standbys'>): void {
  const { agent, standbys } = state;
  if (agent.status === 'offline')
    throw new AppError('agent_not_found', 'Agent is offline: nobody would launch the replica');
  requireLaunches(state);
  if (!agent.manualReplicaEnabled)
    throw new AppError('manual_mode_off', 'Manual replica mode is off', { hint: 'Turn manual replicas on first' });
  if (standbys.length > 0)
    throw new AppError('replica_exists', 'A replica is already active', {
      current_count: standbys.length,
      max_allowed: 1,
      note: 'Promote it or delete it first',
    });
}

async function poolFor(tx: Tx, state: AgentState, body: Body, now: Date): Promise<Candidate> {
  const { agent, primary } = state;
  const candidates = await candidatesFor(tx, state, now);
  const wanted = body.pool_id ?? body.target_pool_id;
  if (wanted !== undefined) {
    const named = candidates.find((pool) => pool.id === wanted);
    if (named) return named;
    const type = wanted.slice(0, wanted.lastIndexOf('.'));
    if (type !== agent.instanceType && type.includes('.'))
      throw new AppError('pool_mismatch', `${wanted} is not a pool of the agent's type`, {
        agent_type: agent.instanceType,
        pool_type: type,
      });
    throw new AppError('pool_not_found', `${wanted} is not a known pool`);
  }
  const wish = { excludeZones: body.exclude_zones, maxHourlyCost: body.max_hourly_cost, emergency: false };
  const pool = choosePool(candidates, { ...wish, primaryPool: primary?.currentPoolId ?? null }, now);
  if (pool) return pool;
  throw new AppError('no_suitable_pool', 'No other pool of this type and region has a fresh price', {
    hint: 'Name a pool, exclude fewer zones, or wait for the next price report',
  });
}
