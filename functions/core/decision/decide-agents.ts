import { sql } from 'kysely';
import { chunks } from '../../shared/chunks.ts';
import type { Db } from '../../shared/db.ts';
import { forEachIsolated } from '../../shared/for-each-isolated.ts';
import { inGroups } from '../../shared/in-groups.ts';
import { logger } from '../../shared/logger.ts';
import { sumOfPages } from '../../shared/pages.ts';
import type { RunTime } from '../../shared/run-time.ts';
import type { Agent } from '../../shared/schema.ts';
import { minuteMs, msBefore } from '../../shared/time.ts';
import { updateFreeAgents } from '../agent/agents.ts';
import { changeFreeAgents } from '../agent/lock.ts';
import { priorities, type QueuedSwitch, queueUnlessOpen, switchCommand } from '../command/queue.ts';
import { decideOrStay } from './decide-or-stay.ts';
import { decisionModel } from './decision-model.ts';
import { type AgentInput, readInputs } from './inputs.ts';
import { jobFacts } from './job-facts.ts';
import { type Logged, logDecisions } from './log.ts';
import { Moves } from './moves.ts';
import { type PoolReader, poolReader } from './priced-pools.ts';
import { isJobFree, valueTables } from './recommend-job.ts';

/** Least time between two decisions on an agent, however often it reports (protocol 8.5). */
const debounceMs = 5 * minuteMs;

/** Agents per batch. Even with the longest names their rows fit the 1 MiB of a Data API response. */
const batch = 100;

/** Batches in parallel. They touch different agents, and spend most of their time waiting for the database. */
const atOnce = 8;

/**
 * Most value tables that a run builds, at 1.6 ms of CPU time each. An agent that needs more waits for the next run,
 * which finds those already built. An agent whose deadline is near needs none.
 */
const mostTables = 2000;

/** Agents per page. */
const size = 1000;

/**
 * Decides for each agent whose primary has reported prices since its last decision, and queues the moves that are
 * allowed. A price report only sets `agents.priced_at`, so it costs no more than writing the prices. This job takes it
 * from there, a hundred agents at a time. It decides on all due agents, longest undecided first, as far as the run has
 * time (docs/adr/0033).
 *
 * Commands are written before `decided_at`: a run that was cut off decides again, finds the open command, and queues no
 * second one. The unique key on open switches ensures the same for two runs at once.
 * @param now the schedule's time, not the clock's
 * @param tables how many value tables it may build
 * @returns how many agents it decided on
 * @throws AggregateError when a batch failed; the other batches were decided on
 */
export async function decideDueAgents(db: Db, time: RunTime, now: Date, tables = mostTables): Promise<number> {
  const readPools = poolReader(db, now, decisionModel());
  const moves = new Moves();
  const tablesUntil = valueTables.built + tables;
  const failures: unknown[] = [];
  const decideEach = async (page: readonly DueAgent[]) => {
    // The model is asked once for all places of a page. If they cannot be read, each batch tries on its own.
    await readPools(page).catch((error) =>
      logger.warn('reading the pools of a page failed', { error: error as Error }),
    );
    return forEachIsolated(
      'deciding',
      chunks(page, batch),
      (due) => decideBatch(db, { due, readPools, moves, tablesUntil }, now),
      {
        atOnce,
        hasTime: time.hasTime,
        name: (due) => ({ agents: due.length, first: due[0]!.id }),
        failures,
      },
    );
  };
  const decided = await sumOfPages({ read: (after) => dueAgents(db, after, now), size }, decideEach, time);
  moves.emit();
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} batches failed: ${failures[0]}`);
  return decided;
}

interface Common {
  readonly readPools: PoolReader;
  readonly moves: Moves;
  /** The run builds no more value tables once `valueTables.built` reaches this. */
  readonly tablesUntil: number;
}

interface Batch extends Common {
  readonly due: readonly DueAgent[];
}

/** An agent that cannot be decided on does not hold up the others of its batch. */
async function decideBatch(db: Db, { due, ...common }: Batch, now: Date): Promise<number> {
  const ids = due.map(({ id }) => id);
  const decided = await inGroups('decide', ids, (agentIds) => decideGroup(db, { agentIds, ...common }, now));
  return decided.length;
}

interface Group extends Common {
  readonly agentIds: readonly string[];
}

/** @returns the ids of the agents it decided on */
async function decideGroup(db: Db, group: Group, now: Date): Promise<string[]> {
  // Sorted by place, because agents of one place need the same value tables.
  const states = (await readInputs(db, { ...group, readJob: jobFacts }, now)).toSorted((a, b) =>
    placeOf(a) < placeOf(b) ? -1 : 1,
  );
  const waiting = new Set<string>();
  const decisions = states.flatMap((state) => {
    if (valueTables.built < group.tablesUntil || !needsTables(state, now)) return [judge(state, now)];
    waiting.add(state.agent.id);
    return [];
  });
  await queueUnlessOpen(
    db,
    decisions.flatMap(({ command }) => command ?? []),
  );
  await logDecisions(db, now, decisions);
  group.moves.count(decisions.map(({ decision }) => decision));
  const decided = group.agentIds.filter((id) => !waiting.has(id));
  return markDecided(db, decided, now);
}

const placeOf = ({ agent }: AgentInput) => `${agent.instanceType} ${agent.region} ${agent.clientId}`;

const needsTables = ({ input }: AgentInput, now: Date) =>
  input.job !== null && input.prices.onDemand !== null && isJobFree(input, input.job, now);

/** An agent that somebody else holds is decided on again in a minute. It still gets at most one open switch. */
const markDecided = (db: Db, ids: readonly string[], now: Date): Promise<string[]> =>
  changeFreeAgents<string[]>(db, { ids, none: [] }, async (tx, free) => {
    const freeIds = free.map(({ id }) => id);
    await updateFreeAgents(tx, { ids: freeIds, set: sql`decided_at = ${now}` });
    return freeIds;
  });

interface DueAgent extends Pick<Agent, 'clientId' | 'instanceType' | 'region'> {
  readonly id: string;
  readonly undecidedSince: Date;
}

/** Longest undecided first, so that agents that report more often do not keep others waiting. */
const dueAgents = (db: Db, after: DueAgent | undefined, now: Date): Promise<DueAgent[]> =>
  db
    .selectFrom('agents')
    .select(['id', 'clientId', 'instanceType', 'region'])
    .select((eb) => eb.ref('undecidedSince').$notNull().as('undecidedSince'))
    .where('undecidedSince', '<=', msBefore(now, debounceMs))
    .$if(after !== undefined, (query) =>
      query
        .where('undecidedSince', '>=', after!.undecidedSince)
        .where((eb) => eb.or([eb('undecidedSince', '>', after!.undecidedSince), eb('id', '>', after!.id)])),
    )
    .orderBy('undecidedSince')
    .orderBy('id')
    .limit(size)
    .execute();

type Judged = Logged & { readonly command?: QueuedSwitch };

function judge(state: AgentInput, now: Date): Judged {
  const { agent } = state;
  const decision = decideOrStay(state, now);
  if (!decision.allowed) return { ...state, decision, source: 'loop' };
  const { mode, poolId, action, reason } = decision;
  const priority = action === 'switch_ondemand' ? priorities.urgent : priorities.normal;
  const command = switchCommand(
    { agent, targetMode: mode, targetPoolId: poolId, priority, createdBy: 'model', reason },
    now,
  );
  return { ...state, decision, source: 'loop', commandId: command.id, command };
}
