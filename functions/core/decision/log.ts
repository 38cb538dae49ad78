import { createHash, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { byPrimaryKey } from '../../shared/by-primary-key.ts';
import type { Db } from '../../shared/db.ts';
import { inList } from '../../shared/in-list.ts';
import { fittedInput } from './fitted-input.ts';
import type { AgentInput } from './inputs.ts';
import type { Decision } from './policy.ts';
import { packedAnswer } from './replay.ts';

export interface Logged extends Omit<AgentInput, 'prices'> {
  readonly decision: Decision;
  /** Who asked: the decision loop, an agent's `decide` request, or a rebalance recommendation. */
  readonly source: 'loop' | 'agent' | 'rebalance';
  readonly commandId?: string | undefined;
}

/**
 * Stores decisions with their input (docs/adr/0006). A decision that repeats its agent's latest one, and queued no
 * command, only increments the count on that row: otherwise an agent that stays where it is would fill 700 KB a day
 * (docs/adr/0035). Two statements where nothing has changed; up to four otherwise.
 */
export async function logDecisions(db: Db, now: Date, decisions: readonly Logged[]): Promise<void> {
  if (decisions.length === 0) return;
  const latest = await readLatest(db, decisions.map(whose));
  const isRepeated = (one: Logged) =>
    one.commandId === undefined && latest.get(whose(one))?.fingerprint === fingerprintOf(one);
  const idsOf = (those: readonly Logged[]) => those.flatMap((one) => latest.get(whose(one))?.id ?? []);
  const news = decisions.filter((one) => !isRepeated(one));
  await countAgain(db, idsOf(decisions.filter(isRepeated)), now);
  await makeFormer(db, idsOf(news));
  await insert(db, news, now);
}

const whose = ({ source, agent }: Logged) => `${source}:${agent.id}`;

/** Numbers in a reason change all the time: "costs 41.2 % less" says the same as "costs 41.3 % less". */
const fingerprintOf = ({ input: { agent, service }, decision }: Logged) => {
  const { action, mode, poolId, allowed, failedGate, reason, policy } = decision;
  const kind = (poolId === null ? reason : reason.replaceAll(poolId, 'pool')).replaceAll(/-?\d+(\.\d+)?/g, '#');
  const said = [agent.instanceId, action, mode, poolId, allowed, failedGate, kind, policy, service?.model ?? null];
  return createHash('sha256').update(JSON.stringify(said)).digest('hex').slice(0, 32);
};

async function readLatest(db: Db, keys: readonly string[]) {
  const rows = await db
    .selectFrom('decisions')
    .select(['id', 'fingerprint'])
    .select((eb) => eb.ref('latestOf').$notNull().as('latestOf'))
    .where('latestOf', 'in', keys)
    .execute();
  return new Map(rows.map((row) => [row.latestOf, row]));
}

/** Counts once per decision time, however often the statement is repeated. */
async function countAgain(db: Db, ids: readonly string[], now: Date): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    UPDATE ${byPrimaryKey('decisions')} SET times = times + 1, last_time = ${now}
    WHERE id IN ${inList(ids)} AND last_time < ${now}`.execute(db);
}

async function makeFormer(db: Db, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`UPDATE ${byPrimaryKey('decisions')} SET latest_of = NULL WHERE id IN ${inList(ids)}`.execute(db);
}

/**
 * Stores a decision that an agent asked for. One statement, as a request may make only three. A repetition is counted
 * on the row of the earlier decision that said the same to that agent, whether or not it was the latest.
 */
export async function logAnswer(db: Db, one: Logged, now: Date): Promise<void> {
  await db
    .insertInto('decisions')
    .values({ ...rowOf(one, now), latestOf: `${whose(one)}:${fingerprintOf(one).slice(0, 16)}` })
    .onDuplicateKeyUpdate({
      times: sql`IF(last_time < VALUES(last_time), times + 1, times)`,
      lastTime: sql`GREATEST(VALUES(last_time), last_time)`,
    })
    .execute();
}

/** If an agent is decided on twice at the same time, only one of the two rows is kept. */
async function insert(db: Db, decisions: readonly Logged[], now: Date): Promise<void> {
  if (decisions.length === 0) return;
  await db
    .insertInto('decisions')
    .values(decisions.map((one) => rowOf(one, now)))
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('decisions.id') }))
    .execute();
}

const rowOf = (one: Logged, now: Date) => ({
  id: randomUUID(),
  clientId: one.agent.clientId,
  agentId: one.agent.id,
  instanceId: one.input.agent.instanceId,
  decisionTime: now,
  source: one.source,
  recommendedAction: one.decision.action,
  recommendedMode: one.decision.mode,
  recommendedPoolId: one.decision.poolId,
  riskScore: one.decision.risk.toFixed(4),
  expectedSavingsPerHour: one.decision.savingsPerHour.toFixed(6),
  allowed: one.decision.allowed,
  failedGate: one.decision.failedGate,
  reason: one.decision.reason.slice(0, 500),
  confidence: one.decision.confidence.toFixed(2),
  modelVersion: one.decision.policy,
  commandId: one.commandId ?? null,
  inputs: fittedInput(one.input, one.decision.poolId),
  answer: packedAnswer(one.decision),
  lastTime: now,
  fingerprint: fingerprintOf(one),
  latestOf: whose(one),
});
