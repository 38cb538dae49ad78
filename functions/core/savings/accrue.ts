import { sql } from 'kysely';
import { type Db, type Tx, transact } from '../../shared/db.ts';
import { inSteps } from '../../shared/in-steps.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { earlier, hourMs, msAfter, msBefore, startOf } from '../../shared/time.ts';
import { accountHour, type InstanceHour } from './account-hour.ts';
import { countDays } from './count-days.ts';
import { hoursText, toText } from './money.ts';
import { type OverlayReader, overlayReader } from './overlays.ts';
import { type AgentLives, agentsAfter, readLives } from './read-lives.ts';
import { type PriceReader, priceReader } from './read-prices.ts';
import { addToTotals, readSums, type Sums, summed } from './totals.ts';

/**
 * The room of savings: what instances cost by the hour, against the same workload on-demand, and the sums of it.
 * Owns the tables: cost_records, client_savings_daily, client_savings_monthly, savings_progress, client_price_overlays.
 */

/** Agents whose hour is written at once: a handful of instances each, in a statement well below the Data API's limit. */
const batch = 200;

/** Facts that reach us later than this change nothing: an instance that ended, an interruption. */
const lateMs = 26 * hourMs;

/** What prices of an hour's end are waited for; reports come every five minutes. */
const settleMs = 10 * 60_000;

/**
 * Accounts for the hours that have ended since the last run, hour by hour and agent by agent; a run that has no time left is
 * continued by the next one. An hour that is accounted for again gives the same, or what is known better by now.
 * @returns how many instance hours were written
 */
export const accrueSavings = (db: Db, time: RunTime, now: Date): Promise<number> =>
  inSteps(
    {
      'accounting for hours': (share) => accrueHours(db, share, now),
      'counting switches and instances': () => countDays(db, now),
    },
    time,
  );

async function accrueHours(db: Db, { hasTime }: RunTime, now: Date): Promise<number> {
  const until = startOf(hourMs, msBefore(now, settleMs));
  let written = 0;
  let at = await readProgress(db, now);
  const readOverlays = overlayReader(db);
  let prices: { readonly hour: Date; readonly read: PriceReader } | undefined;
  while (at.hour < until && hasTime()) {
    const { hour } = at;
    if (prices?.hour !== hour) prices = { hour, read: priceReader(db, hour) };
    const agents = await agentsAfter(db, { after: at.afterAgent, hour, limit: batch });
    written += await accrueBatch(db, {
      agentIds: agents.map(({ id }) => id),
      hour,
      readPrices: prices.read,
      readOverlays,
    });
    const isDone = agents.length < batch;
    at = isDone ? { hour: msAfter(hour, hourMs), afterAgent: null } : { hour, afterAgent: agents.at(-1)!.id };
    await saveProgress(db, at);
  }
  return written;
}

/** Has the hours of the last day accounted for anew, with what has become known of them since. */
export async function accrueAgain(db: Db, _: RunTime, now: Date): Promise<number> {
  const { hour } = await readProgress(db, now);
  await saveProgress(db, { hour: earlier(hour, startOf(hourMs, msBefore(now, lateMs))), afterAgent: null });
  return 0;
}

interface Progress {
  readonly hour: Date;
  readonly afterAgent: string | null;
}

/** Where to go on; a new system begins with the hour that its first run is in. */
async function readProgress(db: Db, now: Date): Promise<Progress> {
  const row = await db.selectFrom('savingsProgress').select(['accruedUntil', 'afterAgent']).executeTakeFirst();
  if (row) return { hour: row.accruedUntil, afterAgent: row.afterAgent };
  const accruedUntil = startOf(hourMs, msBefore(now, hourMs));
  await db
    .insertInto('savingsProgress')
    .values({ id: 1, accruedUntil, afterAgent: null })
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('savingsProgress.id') }))
    .execute();
  return { hour: accruedUntil, afterAgent: null };
}

const saveProgress = (db: Db, { hour, afterAgent }: Progress) =>
  db.updateTable('savingsProgress').set({ accruedUntil: hour, afterAgent }).where('id', '=', 1).execute();

interface Batch {
  readonly agentIds: readonly string[];
  readonly hour: Date;
  readonly readPrices: PriceReader;
  readonly readOverlays: OverlayReader;
}

async function accrueBatch(db: Db, { agentIds, hour, readPrices, readOverlays }: Batch): Promise<number> {
  if (agentIds.length === 0) return 0;
  const agents = await readLives(db, { agentIds, hour, readPrices });
  const overlays = await readOverlays(agents.map(({ clientId }) => clientId));
  const hours = agents.flatMap((agent) =>
    accountHour(agent.lives, overlays(agent.clientId), hour.getTime()).map((one) => ({ ...agent, ...one })),
  );
  await transact(db, (tx) => writeHours(tx, { agentIds, hour, hours }));
  return hours.length;
}

type AgentHour = Pick<AgentLives, 'agentId' | 'clientId'> & InstanceHour;

interface Hours {
  readonly agentIds: readonly string[];
  readonly hour: Date;
  readonly hours: readonly AgentHour[];
}

/** Puts the agents' hour in place of what was written of it before, and the difference into the sums: they agree at any time. */
async function writeHours(tx: Tx, { agentIds, hour, hours }: Hours): Promise<void> {
  // Who accounts for the same agents at the same time waits here.
  await sql`SELECT id FROM savings_progress WHERE id = 1 FOR UPDATE`.execute(tx);
  const before = await readSums(tx, { agentIds, hour });
  const after = sumsOf(hours);
  if (before.size > 0)
    await tx
      .deleteFrom('costRecords')
      .where('periodStart', '=', hour)
      .where('agentId', 'in', [...agentIds])
      .execute();
  if (hours.length > 0)
    await tx
      .insertInto('costRecords')
      .values(hours.map((one) => toRow(one, hour)))
      .execute();
  await addToTotals(tx, { before, after, hour });
}

const sumsOf = (hours: readonly AgentHour[]) =>
  new Map(
    [...Map.groupBy(hours, ({ clientId }) => clientId)].map(([id, those]): [string, Sums] => [id, summed(those)]),
  );

const toRow = (one: AgentHour, hour: Date) => ({
  instanceId: one.instanceId,
  periodStart: hour,
  clientId: one.clientId,
  agentId: one.agentId,
  mode: one.mode,
  hoursRunning: hoursText(one.ranMs),
  hoursPrimary: hoursText(one.primaryMs),
  hoursUnpriced: hoursText(one.unpricedMs),
  freeReason: one.freeReason,
  baselineCost: toText(one.baseline),
  actualCost: toText(one.actual),
  savings: toText(one.baseline - one.actual),
});
