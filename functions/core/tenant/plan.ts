import { type RawBuilder, sql } from 'kysely';
import { type Db, type Tx, transact } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import { audit, type By } from '../event/audit.ts';
import { clientNotFound, lockClient } from './clients.ts';

/** What a tenant may have at once (docs/adr/0056). */
export interface Plan {
  readonly maxAgents: number;
  readonly maxInstances: number;
}

/** The plan and what is used of it: agents that are not deleted, and instances that run. */
export interface PlanUse extends Plan {
  readonly agents: number;
  readonly instances: number;
}

/**
 * A tenant's plan and its use: one statement, with two counts by an index.
 * @throws AppError client_not_found
 */
export async function readPlan(db: Db, { clientId }: { readonly clientId: string }): Promise<PlanUse> {
  const use = await db
    .selectFrom('clients as k')
    .select(['k.maxAgents', 'k.maxInstances', agentsOf(clientId).as('agents'), instancesOf(clientId).as('instances')])
    .where('k.id', '=', clientId)
    .where('k.deletedAt', 'is', null)
    .executeTakeFirst();
  if (!use) throw clientNotFound();
  return use;
}

const agentsOf = (clientId: string): RawBuilder<number> =>
  sql`(SELECT COUNT(*) FROM agents AS a WHERE a.listed_of = ${clientId})`;
const instancesOf = (clientId: string): RawBuilder<number> =>
  sql`(SELECT COUNT(*) FROM instances AS i WHERE i.client_id = ${clientId}
    AND i.instance_status IN ('running_primary', 'running_replica'))`;

interface Newcomer {
  readonly clientId: string;
  readonly isListed: boolean;
  readonly isRunning: boolean;
  readonly isNameless: boolean;
}

/**
 * Admits one more agent if its tenant's plan has room for it and its instance. Known agents are not checked: their
 * instance may be the successor of one that EC2 interrupted. Agents that register at the same moment do not see each
 * other here, so a plan may be exceeded by that many.
 * @param agent what the counts include already: `isListed`, its row, which is inserted before if the agent is new;
 * `isRunning`, its instance, if a deleted agent returns on the one it had. `isNameless`: it is named by its instance's
 * id, so the successor that it launches for a switch registers as an agent of its own; each such launch under way has a
 * place beyond the plan
 * @throws AppError plan_limit, with the limit and what is used of it
 */
export async function requireRoomForAgent(tx: Tx, agent: Newcomer): Promise<void> {
  const { maxAgents, maxInstances, agents, instances } = await readPlan(tx, agent);
  const otherAgents = agents - Number(agent.isListed);
  const otherInstances = instances - Number(agent.isRunning);
  const [areAgentsFull, areInstancesFull] = [otherAgents >= maxAgents, otherInstances >= maxInstances];
  if (!areAgentsFull && !areInstancesFull) return;
  const beside = agent.isNameless ? await launchesOfNameless(tx, agent.clientId) : 0;
  if (beside > 0 && otherAgents < maxAgents + beside && otherInstances < maxInstances + beside) return;
  if (areAgentsFull) throw full('agents', { most: maxAgents, used: otherAgents });
  throw full('instances', { most: maxInstances, used: otherInstances });
}

/** Switches dispatched to agents without a name of their own, whose new instance has not been reported yet. */
async function launchesOfNameless(tx: Tx, clientId: string): Promise<number> {
  const { rows } = await sql<{ launches: number }>`
    SELECT COUNT(*) AS launches FROM agents AS a INNER JOIN commands AS c ON c.open_switch_of = a.id
    WHERE a.listed_of = ${clientId} AND a.logical_agent_id = a.instance_id AND c.status = 'dispatched'
      AND c.new_instance_id IS NULL`.execute(tx);
  return Number(rows[0]!.launches);
}

const full = (what: 'agents' | 'instances', { most, used }: { most: number; used: number }) =>
  new AppError(
    'plan_limit',
    `This client's plan allows ${most} ${what}, and ${used} are in use: delete some, or ask for a larger plan`,
    { limit: `max_${what}`, allowed: most, used },
  );

/**
 * Sets a tenant's plan (protocol E9); a tenant keeps what it has beyond a smaller plan. One transaction.
 * @throws AppError client_not_found
 */
export async function setPlan(
  db: Db,
  { clientId, ...plan }: Plan & { readonly clientId: string },
  by: By,
  now: Date,
): Promise<void> {
  await transact(db, async (tx) => {
    const before = await lockClient(tx, clientId, ['maxAgents', 'maxInstances']);
    await tx
      .updateTable('clients')
      .set({ ...plan, updatedAt: now })
      .where('id', '=', clientId)
      .execute();
    await audit(tx, by, { clientId, action: 'plan_set', before, after: plan }, now);
  });
}
