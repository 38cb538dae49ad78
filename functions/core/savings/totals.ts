import { sql } from 'kysely';
import type { Tx } from '../../shared/db.ts';
import { dayOf } from '../../shared/time.ts';
import { addToTotalSavings } from '../tenant/total-savings.ts';
import { toMicros, toText } from './money.ts';

/** Micro-dollars. */
export interface Sums {
  readonly baseline: bigint;
  readonly actual: bigint;
}

const none: Sums = { baseline: 0n, actual: 0n };

export const summed = (all: readonly Sums[]): Sums =>
  all.reduce((sum, { baseline, actual }) => ({ baseline: sum.baseline + baseline, actual: sum.actual + actual }), none);

/** The stored sums of these agents' hour, by tenant: one statement. */
export async function readSums(
  tx: Tx,
  { agentIds, hour }: { readonly agentIds: readonly string[]; readonly hour: Date },
): Promise<Map<string, Sums>> {
  const rows = await tx
    .selectFrom('costRecords')
    .select(['clientId'])
    .select((eb) => [eb.fn.sum<string>('baselineCost').as('baseline'), eb.fn.sum<string>('actualCost').as('actual')])
    .where('periodStart', '=', hour)
    .where('agentId', 'in', [...agentIds])
    .groupBy('clientId')
    .execute();
  return new Map(
    rows.map(({ clientId, baseline, actual }) => [
      clientId,
      { baseline: toMicros(baseline), actual: toMicros(actual) },
    ]),
  );
}

interface Change {
  readonly before: ReadonlyMap<string, Sums>;
  readonly after: ReadonlyMap<string, Sums>;
  readonly hour: Date;
}

/** Adds an hour's changes to each tenant's sums of the day, the month and all time: three statements, or none. */
export async function addToTotals(tx: Tx, { before, after, hour }: Change): Promise<void> {
  const changes = [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((clientId) => {
    const [was, is] = [before.get(clientId) ?? none, after.get(clientId) ?? none];
    const change = { clientId, baseline: is.baseline - was.baseline, actual: is.actual - was.actual };
    return change.baseline === 0n && change.actual === 0n ? [] : [change];
  });
  if (changes.length === 0) return;
  const sums = changes.map(({ clientId, baseline, actual }) => ({
    clientId,
    baselineCost: toText(baseline),
    actualCost: toText(actual),
    savings: toText(baseline - actual),
    switchCount: 0,
    instanceCount: 0,
  }));
  const add = {
    baselineCost: sql<never>`baseline_cost + VALUES(baseline_cost)`,
    actualCost: sql<never>`actual_cost + VALUES(actual_cost)`,
    savings: sql<never>`savings + VALUES(savings)`,
  };
  await tx
    .insertInto('clientSavingsDaily')
    .values(sums.map((sum) => ({ ...sum, savingsDate: dayOf(hour) })))
    .onDuplicateKeyUpdate(add)
    .execute();
  const month = { savingsYear: hour.getUTCFullYear(), savingsMonth: hour.getUTCMonth() + 1 };
  await tx
    .insertInto('clientSavingsMonthly')
    .values(sums.map((sum) => ({ ...sum, ...month })))
    .onDuplicateKeyUpdate(add)
    .execute();
  await addToTotalSavings(
    tx,
    sums.map(({ clientId, savings }) => ({ clientId, savings })),
  );
}
