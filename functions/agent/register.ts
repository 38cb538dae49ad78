import { randomUUID } from 'node:crypto';
import { insertOrLockAgent, type Registration } from '../core/agent/agents.ts';
import { handleOf } from '../core/agent/identity.ts';
import { findAgent } from '../core/agent/read.ts';
import { poolOf } from '../core/pool/pool-id.ts';
import { addPools } from '../core/pool/pools.ts';
import { isAvailabilityZone, regionOfZone } from '../core/pool/region.ts';
import { authenticate } from '../core/tenant/authenticate.ts';
import { bearer } from '../core/tenant/tokens.ts';
import { type Db, transact } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import { denied, requireScope } from '../shared/identity.ts';
import { admit } from './admission.ts';
import { settingsFor } from './settings.ts';

/**
 * Authenticates the tenant of a registration. The route is open at the gateway because the token may be in the body
 * instead of the header, where the authorizer cannot see it.
 * @throws AppError missing_token, invalid_token, client_inactive, forbidden
 */
export async function tenantOf(
  db: Db,
  credentials: { authorization: string | undefined; bodyToken: string | undefined; sourceIp: string },
  now: Date,
): Promise<string> {
  const { authorization, bodyToken, sourceIp } = credentials;
  const token = authorization === undefined ? bodyToken : bearer(authorization);
  if (!token) throw denied('missing_token');
  const identity = await authenticate(db, { token, sourceIp }, now);
  if (identity.role === 'none') throw denied(identity.denial);
  requireScope(identity.scopes, 'agent');
  return identity.clientId;
}

/**
 * Registers the calling instance (protocol A1). `admit` decides what it becomes. Its region is derived from its zone:
 * the region that it reports comes from its environment and defaults to us-east-1.
 * @throws AppError instance_of_another_client, plan_limit
 */
export async function registerAgent(
  db: Db,
  { clientId, ...call }: { clientId: string; body: Registration },
  now: Date,
) {
  const placed = { ...call.body, region: regionOfZone(call.body.az) ?? call.body.region };
  const body = await underItsAgent(db, { clientId, body: placed });
  const answer = await transact(db, async (tx) => {
    const id = randomUUID();
    await insertOrLockAgent(tx, { id, clientId, body }, now);
    const wanted = { instance: body.instance_id, inFlight: true, standbyCount: true } as const;
    const of = { clientId, logicalAgentId: body.logical_agent_id, deleted: true, with: wanted };
    const state = await findAgent(tx, of, now);
    if (!state) throw denied('invalid_token'); // the tenant was deleted since it was authenticated
    const { agent, instance, standbyCount } = state;
    if (instance && instance.clientId !== clientId)
      throw new AppError('instance_of_another_client', `Instance ${body.instance_id} is registered by another client`);
    const { standing, message } = await admit(tx, { state, isNew: agent.id === id, body }, now);
    const present = { ...agent, status: agent.status === 'deleted' ? ('online' as const) : agent.status };
    return {
      agent_id: handleOf(agent.id, body.instance_id),
      client_id: clientId,
      config: settingsFor(present, standing, standbyCount),
      ...(message && { message }),
    };
  });
  await addPoolOf(db, body, now);
  return answer;
}

/**
 * Adds a row for the pool if it has none. This happens after the transaction: pools are shared, and a lock on one would
 * block the price reports of all tenants. Pools in Local Zones are left to the price reports, which limit how many are
 * added.
 */
async function addPoolOf(db: Db, { mode, instance_type: instanceType, az }: Registration, now: Date): Promise<void> {
  if (poolOf(mode, instanceType, az) && isAvailabilityZone(az)) await addPools(db, [{ instanceType, az }], now);
}

/**
 * An agent without a logical id is identified by its instance id. The instance may already belong to another agent, as
 * the successor that a switch report named or as an instance that was replaced. It then registers under that agent.
 */
async function underItsAgent(
  db: Db,
  { clientId, body }: { clientId: string; body: Registration },
): Promise<Registration> {
  if (body.logical_agent_id !== body.instance_id) return body;
  const agent = await db
    .selectFrom('instances as i')
    .innerJoin('agents as a', (join) => join.onRef('a.id', '=', 'i.agentId').onRef('a.clientId', '=', 'i.clientId'))
    .select('a.logicalAgentId')
    .where('i.id', '=', body.instance_id)
    .where('i.clientId', '=', clientId)
    .where('a.status', '<>', 'deleted')
    .executeTakeFirst();
  return agent ? { ...body, logical_agent_id: agent.logicalAgentId } : body;
}
