import { sql } from 'kysely';
import { type Db, type Tx, transact } from '../../shared/db.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { hourMs, msAfter } from '../../shared/time.ts';
import { accountHour, type InstanceHour } from './account-hour.ts';
import { hoursText, toText } from './money.ts';
import { type OverlayReader, overlayReader } from './overlays.ts';
import { type AgentLives, agentsAfter, readLives } from './read-lives.ts';
import { type PriceReader, priceReader } from './read-prices.ts';
import { addToTotals, readSums, type Sums, summed } from './totals.ts';

/** Agents per batch: with a handful of instances each, a statement stays well below the Data API's limit. */
const batch = 200;

/** Where to resume: within an hour, agents are processed in id order. */
export interface Progress {
  readonly hour: Date;
  readonly afterAgent: string | null;
}

interface Wanted {
  /** All tenants if absent. */
  readonly clientId?: string;
  readonly from: Progress;
  readonly until: Date;
  readonly time: RunTime;
  /** Saves where to resume; called after each batch. */
  readonly save: (next: Progress) => Promise<void>;
  /** Called when all hours are accounted for. */
  readonly end?: () => Promise<void>;
}

/**
 * Accounts for hours one after another, in batches of agents, for as long as there is time. Accounting for an hour
 * again gives the same result, or a better one if more is known by then.
 * @returns how many instance hours were written
 */
export async function accrueHours(db: Db, { clientId, from, until, time, save, end }: Wanted): Promise<number> {
  let written = 0;
  let at = from;
  const readOverlays = overlayReader(db);
  let prices: { readonly hour: Date; readonly read: PriceReader } | undefined;
  while (at.hour < until && time.hasTime()) {
    const { hour } = at;
    if (prices?.hour !== hour) prices = { hour, read: priceReader(db, hour) };
    const agents = await agentsAfter(db, { clientId, after: at.afterAgent, hour, limit: batch });
    written += await accrueBatch(db, {
      agentIds: agents.map(({ id }) => id),
      hour,
      readPrices: prices.read,
      readOverlays,
    });
    const isDone = agents.length < batch;
    at = isDone ? { hour: msAfter(hour, hourMs), afterAgent: null } : { hour, afterAgent: agents.at(-1)!.id };
    await save(at);
  }
  if (at.hour >= until) await end?.();
  return written;
}

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

/** Replaces the agents' rows of an hour and adds the difference to the sums, so that rows and sums always agree. */
async function writeHours(tx: Tx, { agentIds, hour, hours }: Hours): Promise<void> {
  // Concurrent accounting waits here.
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
  overlays: linesOf(one.overlays),
  baselineCost: toText(one.baseline),
  actualCost: toText(one.actual),
  savings: toText(one.baseline - one.actual),
});

/** Maximum characters of `cost_records.overlays`. */
const mostOfOverlays = 500;

/** One line per label, as many as fit; `null` for none. */
function linesOf(labels: readonly string[]): string | null {
  let lines: string | null = null;
  for (const label of labels) {
    const longer: string = lines === null ? label : `${lines}\n${label}`;
    if (longer.length > mostOfOverlays) break;
    lines = longer;
  }
  return lines;
}
