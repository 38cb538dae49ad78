import { sql } from 'kysely';
import { parseHandle } from '../core/agent/identity.ts';
import type { Caller } from '../core/tenant/require-client.ts';
import type { Db } from '../shared/db.ts';
import { agentNotFound } from '../shared/errors.ts';

/**
 * An agent's record (protocol X14): decisions of the last 90 days and switch commands of the last 30, which is how long
 * they are kept; switches and savings of its whole life. One statement.
 * @throws AppError agent_not_found
 */
export async function agentStatistics(db: Db, { caller, ref }: { caller: Caller; ref: string }) {
  const { agentId } = parseHandle(ref);
  const { clientId } = caller;
  const row = await db
    .selectFrom('agents as a')
    .leftJoin(decisionsOf(agentId), (join) => join.onTrue())
    .leftJoin(commandsOf(agentId), (join) => join.onTrue())
    .select(['a.id', 'd.decisions', 'd.moves', 'd.allowed', 'c.completed', 'c.failed'])
    .select([
      sql<number>`(SELECT COUNT(*) FROM switches AS s WHERE s.agent_id = a.id)`.as('switches'),
      sql<string | null>`(SELECT SUM(r.savings) FROM cost_records AS r WHERE r.agent_id = a.id)`.as('savings'),
    ])
    .where('a.id', '=', agentId)
    .$if(clientId !== undefined, (query) => query.where('a.clientId', '=', clientId!))
    .executeTakeFirst();
  if (!row) throw agentNotFound(ref);
  const [completed, failed] = [Number(row.completed ?? 0), Number(row.failed ?? 0)];
  const decisions = Number(row.decisions ?? 0);
  // 100 % if nothing was tried: nothing has failed.
  const rate = completed + failed === 0 ? 100 : Math.round((completed / (completed + failed)) * 10_000) / 100;
  return {
    agent_id: row.id,
    decisions: { total: decisions, moves: Number(row.moves ?? 0), allowed: Number(row.allowed ?? 0) },
    switches: { total: Number(row.switches), commands_completed: completed, commands_failed: failed },
    success_rate: rate,
    savings: Number(row.savings ?? 0),
    totalDecisions: decisions,
    successRate: rate,
  };
}

/** One row stands for consecutive identical decisions; `times` counts them. */
const decisionsOf = (agentId: string) =>
  sql<{ decisions: string | null; moves: string | null; allowed: string | null }>`(
    SELECT SUM(x.times) AS decisions, SUM(IF(x.recommended_action = 'stay', 0, x.times)) AS moves,
      SUM(IF(x.allowed, x.times, 0)) AS allowed
    FROM decisions AS x WHERE x.agent_id = ${agentId})`.as<'d'>('d');

const commandsOf = (agentId: string) =>
  sql<{ completed: string | null; failed: string | null }>`(
    SELECT SUM(x.status = 'completed') AS completed, SUM(x.status = 'failed') AS failed
    FROM commands AS x WHERE x.agent_id = ${agentId} AND x.command_type = 'switch'
      AND x.status IN ('completed', 'failed'))`.as<'c'>('c');
