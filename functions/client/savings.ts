import { sql } from 'kysely';
import { type Caller, requireClient } from '../core/tenant/require-client.ts';
import { type CsvFile, csvOf } from '../shared/csv.ts';
import type { Db } from '../shared/db.ts';
import { fromDecimal } from '../shared/decimal.ts';
import { dayMs, dayOf, msBefore } from '../shared/time.ts';

interface OfClient {
  readonly caller: Caller;
  readonly clientId: string;
}

const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const nameOf = ({ savingsMonth }: { readonly savingsMonth: number }) => monthNames[savingsMonth - 1] ?? '';

const monthsShown = 12;
/** Fifty years. */
const monthsExported = 600;

/** What a tenant spent and saved by month, newest first. One statement. */
const readMonths = (db: Db, clientId: string, limit: number) =>
  db
    .selectFrom('clientSavingsMonthly')
    .select(['savingsYear', 'savingsMonth', 'baselineCost', 'actualCost', 'savings'])
    .where('clientId', '=', clientId)
    .orderBy('savingsYear', 'desc')
    .orderBy('savingsMonth', 'desc')
    .limit(limit)
    .execute();

/**
 * The last twelve months, oldest first (protocol C18). One statement, two for an operator.
 * @throws AppError client_not_found
 */
export async function monthlySavings(db: Db, { caller, clientId, range }: OfClient & { readonly range: string }) {
  await requireClient(db, caller, clientId);
  if (range !== 'monthly') return [];
  const months = await readMonths(db, clientId, monthsShown);
  return months.toReversed().map((month) => ({
    name: nameOf(month),
    year: month.savingsYear,
    month: month.savingsMonth,
    savings: fromDecimal(month.savings),
    onDemandCost: fromDecimal(month.baselineCost),
    modelCost: fromDecimal(month.actualCost),
  }));
}

/** The same as a file, newest first (protocol C22). One statement. */
export async function savingsFile(db: Db, { clientId }: { readonly clientId: string }): Promise<CsvFile> {
  const months = await readMonths(db, clientId, monthsExported);
  const header = ['Year', 'Month', 'Month Name', 'On-Demand Cost ($)', 'Actual Cost ($)', 'Savings ($)'];
  const rows = months.map((month) => [
    String(month.savingsYear),
    String(month.savingsMonth),
    nameOf(month),
    fromDecimal(month.baselineCost),
    fromDecimal(month.actualCost),
    fromDecimal(month.savings),
  ]);
  return { name: `client_${clientId}_savings.csv`, text: csvOf(header, rows, { digits: 2 }) };
}

const daysShown = 30;

/**
 * The charts of a tenant's start page (protocol C20). Two statements, three for an operator.
 * @throws AppError client_not_found
 */
export async function charts(db: Db, { caller, clientId }: OfClient, now: Date) {
  await requireClient(db, caller, clientId);
  const months = await readMonths(db, clientId, monthsShown);
  const first = dayOf(msBefore(now, (daysShown - 1) * dayMs));
  const { rows } = await sql<{ kind: 'mode' | 'day'; label: string; count: number }>`
    SELECT 'mode' AS kind, i.current_mode AS label, COUNT(*) AS count FROM instances AS i
    WHERE i.client_id = ${clientId} AND i.instance_status IN ('running_primary', 'running_replica') AND i.is_active
    GROUP BY i.current_mode
    UNION ALL SELECT 'day', DATE_FORMAT(s.initiated_at, '%Y-%m-%d'), COUNT(*) FROM switches AS s
    WHERE s.client_id = ${clientId} AND s.initiated_at >= ${new Date(`${first}T00:00:00Z`)}
    GROUP BY 2`.execute(db);
  const byDay = new Map(rows.filter(({ kind }) => kind === 'day').map(({ label, count }) => [label, Number(count)]));
  return {
    savingsTrend: months.toReversed().map((month) => ({
      month: nameOf(month),
      year: month.savingsYear,
      savings: fromDecimal(month.savings),
      baseline: fromDecimal(month.baselineCost),
      actual: fromDecimal(month.actualCost),
    })),
    modeDistribution: rows
      .filter(({ kind }) => kind === 'mode')
      .map(({ label, count }) => ({ mode: label, count: Number(count) })),
    switchFrequency: Array.from({ length: daysShown }, (_, i) => {
      const date = dayOf(msBefore(now, (daysShown - 1 - i) * dayMs));
      return { date, switches: byDay.get(date) ?? 0 };
    }),
  };
}
