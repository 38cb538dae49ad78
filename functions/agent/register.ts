import { randomUUID } from 'node:crypto';
import { insertOrLockAgent, type Registration } from '../core/agent/agents.ts';
import { handleOf } from '../core/agent/identity.ts';
import { findAgent } from '../core/agent/read.ts';
import { authenticate } from '../core/tenant/authenticate.ts';
import { bearer } from '../core/tenant/tokens.ts';
import { type Db, transact } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import { denied } from '../shared/identity.ts';
import { admit } from './admission.ts';
import { settingsFor } from './settings.ts';

/**
 * The tenant of a registration. The route is open at the gateway, as its token may stand in the body instead of the
 * header, where no authorizer sees it.
 * @throws AppError missing_token, invalid_token, client_inactive
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
  return identity.clientId;
}

/**
 * Makes the calling instance known (protocol A1). What it becomes depends on what is known of its agent: see `admit`.
 * @throws AppError instance_of_another_client
 */
export function registerAgent(db: Db, { clientId, body }: { clientId: string; body: Registration }, now: Date) {
  return transact(db, async (tx) => {
    const id = randomUUID();
    await insertOrLockAgent(tx, { id, clientId, body }, now);
    const wanted = { instance: body.instance_id, inFlight: true, standbyCount: true } as const;
    const of = { clientId, logicalAgentId: body.logical_agent_id, deleted: true, with: wanted };
    const state = await findAgent(tx, of, now);
    if (!state) throw denied('invalid_token'); // the tenant was deleted between its authentication and now
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
}
