import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { logger } from '../../shared/logger.ts';
import { minuteMs, msBefore } from '../../shared/time.ts';
import { updateFreeAgents } from '../agent/agents.ts';
import { changeFreeAgents } from '../agent/lock.ts';
import { priorities, type QueuedSwitch, queueUnlessOpen, switchCommand } from '../command/queue.ts';
import { type AgentInput, readInputs } from './inputs.ts';
import { type Logged, logDecisions } from './log.ts';
import { type Decision, decide, safeDefault } from './policy.ts';

/** An agent is decided on once in this time at most, however often it reports (protocol 8.5). */
const debounceMs = 5 * minuteMs;

/** Agents that are decided on together, five statements: whatever their names, their rows fit the 1 MiB of an answer. */
const batch = 100;

/** Batches of one run; the next run, a minute later, goes on. */
const maxBatches = 40;

/**
 * Decides for each agent whose primary has reported prices since its last decision, and queues what is allowed. A price
 * report leaves `agents.priced_at`; this job takes it from there, so that a report costs what writing prices costs, and
 * agents are decided on by the hundred.
 *
 * The commands are written before `decided_at`: a run that was cut off decides again, finds the command open, and
 * queues no second one. The key on open switches holds that for two runs at once.
 * @param now the schedule's time, not the clock's
 */
export async function decideDueAgents(db: Db, now: Date): Promise<number> {
  let decided = 0;
  for (let i = 0; i < maxBatches; i += 1) {
    const ids = await dueAgents(db, now);
    if (ids.length === 0) break;
    const decisions = (await readInputs(db, ids, now)).map((agent) => judge(agent, now));
    await queueUnlessOpen(
      db,
      decisions.flatMap(({ command }) => command ?? []),
    );
    await logDecisions(db, now, decisions);
    const marked = await markDecided(db, ids, now);
    decided += marked;
    if (marked < batch) break;
  }
  return decided;
}

/** One that somebody else holds is decided on again in a minute: no more than one open switch can come of it. */
const markDecided = (db: Db, ids: readonly string[], now: Date): Promise<number> =>
  changeFreeAgents(db, { ids, none: 0 }, async (tx, free) => {
    await updateFreeAgents(tx, { ids: free.map(({ id }) => id), set: sql`decided_at = ${now}` });
    return free.length;
  });

async function dueAgents(db: Db, now: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('agents')
    .select('id')
    .where('pricedAt', 'is not', null)
    .where('status', '<>', 'deleted')
    .where((eb) =>
      eb.or([
        eb('decidedAt', 'is', null),
        eb.and([eb('decidedAt', '<', eb.ref('pricedAt')), eb('decidedAt', '<=', msBefore(now, debounceMs))]),
      ]),
    )
    .orderBy('pricedAt')
    .limit(batch)
    .execute();
  return rows.map((row) => row.id);
}

type Judged = Logged & { readonly command?: QueuedSwitch };

/** One agent that cannot be decided on keeps what it has, and holds no other one up. */
function judge(state: AgentInput, now: Date): Judged {
  const { agent, input } = state;
  let decision: Decision;
  try {
    decision = decide(input, now);
  } catch (error) {
    logger.error('decision failed', { agentId: agent.id, error: error as Error });
    decision = safeDefault(input, 'the policy failed');
  }
  if (!decision.allowed) return { ...state, decision, source: 'loop' };
  const { mode, poolId, action, reason } = decision;
  const priority = action === 'switch_ondemand' ? priorities.urgent : priorities.normal;
  const command = switchCommand(
    { agent, targetMode: mode, targetPoolId: poolId, priority, createdBy: 'model', reason },
    now,
  );
  return { ...state, decision, source: 'loop', commandId: command.id, command };
}
