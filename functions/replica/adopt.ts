import type * as z from 'zod';
import { enterStandbyInstance } from '../core/agent/instances.ts';
import type { AgentState } from '../core/agent/state.ts';
import { adoptStandby } from '../core/failover/standby-rows.ts';
import { isRetired, requireOwnInstance } from '../core/failover/standbys.ts';
import { partsOfPool } from '../core/pool/pool-id.ts';
import { regionOfZone } from '../core/pool/region.ts';
import type { Tx } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import { answer } from './created.ts';
import type { CreateReplicaRequest } from './requests.ts';

interface Running {
  readonly body: z.output<typeof CreateReplicaRequest>;
  readonly instanceId: string;
}

/**
 * Records a standby whose instance already runs, whether it is wanted or not. Idempotent: repeated reports record it
 * once.
 * @throws AppError instance_of_another_client, replica_has_machine
 */
export async function adoptInstance(
  tx: Tx,
  state: AgentState<'standbys' | 'instance'>,
  { body, instanceId }: Running,
  now: Date,
) {
  const { agent, primary, standbys, instance } = state;
  requireOwnInstance(state, instanceId);
  const place = placeOf(state, body);
  const pool = { ...place, name: `${place.instanceType} (${place.az})`, price: null };
  const known = await tx
    .selectFrom('replicaInstances')
    .select(['id', 'status', 'agentId'])
    .where('instanceId', '=', instanceId)
    .executeTakeFirst();
  if (known && known.agentId !== agent.id)
    throw new AppError('instance_of_another_client', `Instance ${instanceId} does not belong to this agent`);
  if (known)
    return answer({ id: known.id, instanceId, pool, status: known.status, message: 'The instance is already known' });
  const isWanted = agent.manualReplicaEnabled && standbys.length === 0 && !isRetired(instance);
  const { id: poolId, instanceType, region, az } = place;
  const parentInstanceId = body.parent_instance_id ?? primary?.id ?? null;
  const { created_by: createdBy, tags } = body;
  const facts = { instanceId, poolId, instanceType, region, az, createdBy, parentInstanceId, tags, isWanted };
  const id = await adoptStandby(tx, state, facts, now);
  const of = { clientId: agent.clientId, agentId: agent.id, instanceId };
  await enterStandbyInstance(tx, { ...of, instanceType, region, az, isKept: isWanted }, now);
  return isWanted
    ? answer({ id, instanceId, pool, status: 'syncing', message: 'The instance is the agent’s replica' })
    : answer({ id, instanceId, pool, status: 'terminated', message: notWanted });
}

const notWanted = 'No replica is needed: the instance will be terminated';

function placeOf({ agent, primary }: AgentState, body: Running['body']) {
  const id = body.pool_id ?? body.target_pool_id ?? primary?.currentPoolId ?? 'unknown.unknown';
  const { instanceType, az } = partsOfPool(id) ?? { instanceType: 'unknown', az: 'unknown' };
  return { id, instanceType, region: regionOfZone(az) ?? agent.region ?? 'unknown', az };
}
