import { sql } from 'kysely';
import { type Caller, requireClient } from '../core/tenant/require-client.ts';
import { type CsvFile, csvOf } from '../shared/csv.ts';
import { type Position, timedPosition } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { fromDecimal } from '../shared/decimal.ts';
import { type Page, readPage } from '../shared/listing.ts';
import { newestFirst } from '../shared/newest-first.ts';
import type { SwitchHistoryQuery } from './requests.ts';

/** This many switches fit in one Data API response even if every text fills its column. */
const safeSwitches = 300;

interface SwitchList {
  readonly caller: Caller;
  readonly clientId: string;
  readonly query: SwitchHistoryQuery;
}

/**
 * A tenant's switches, newest first (protocol C19). One statement, two for an operator.
 * @throws AppError client_not_found
 */
export async function listSwitches(db: Db, { caller, clientId, query }: SwitchList) {
  await requireClient(db, caller, clientId);
  return pageOf(db, { list: 'C19', clientId, ...query });
}

interface Asked {
  readonly list: string;
  readonly clientId: string;
  readonly limit: number;
  readonly cursor?: Position | undefined;
  readonly instance_id?: string | undefined;
}

const pageOf = (db: Db, { list, ...asked }: Asked): Promise<Page<SwitchItem>> =>
  readPage({
    list,
    size: asked.limit,
    safeSize: safeSwitches,
    read: (limit) => selectSwitches(db, { ...asked, limit }),
    positionOf: ({ initiatedAt, id }) => timedPosition(initiatedAt, id),
    toItems: (rows) => rows.map(switchItem),
  });

/** For an instance, switches from it and switches to it are read through one index each. */
async function selectSwitches(db: Db, asked: Omit<Asked, 'list'>): Promise<readonly Row[]> {
  const { instance_id: id, limit } = asked;
  if (id === undefined) return selectOf(db, asked).execute();
  const from = selectOf(db, asked).where('oldInstanceId', '=', id);
  const to = selectOf(db, asked).where('newInstanceId', '=', id).where('oldInstanceId', '<>', id);
  const both = sql<Row>`${from} UNION ALL ${to} ORDER BY initiated_at DESC, id DESC LIMIT ${limit}`;
  return (await both.execute(db)).rows;
}

function selectOf(db: Db, asked: Omit<Asked, 'list'>) {
  return db
    .selectFrom('switches')
    .select(['id', 'oldInstanceId', 'newInstanceId', 'oldMode', 'newMode', 'oldPoolId', 'newPoolId', 'eventTrigger'])
    .select(['ondemandPrice', 'newSpotPrice', 'savingsImpact', 'initiatedAt'])
    .where('clientId', '=', asked.clientId)
    .$call(newestFirst(asked, asked.limit, { at: 'initiatedAt' }));
}

type Row = Awaited<ReturnType<ReturnType<typeof selectOf>['execute']>>[number];
type SwitchItem = ReturnType<typeof switchItem>;

const switchItem = (row: Row) => ({
  id: row.id,
  timestamp: row.initiatedAt.toISOString(),
  instanceId: row.newInstanceId,
  oldInstanceId: row.oldInstanceId,
  newInstanceId: row.newInstanceId,
  fromMode: row.oldMode,
  toMode: row.newMode,
  fromPool: row.oldPoolId ?? 'n/a',
  toPool: row.newPoolId ?? 'n/a',
  trigger: row.eventTrigger,
  price: priceAfter(row) ?? 0,
  savingsImpact: fromDecimal(row.savingsImpact) ?? 0,
});

/** USD per hour after the switch; `undefined` if it was not reported. */
const priceAfter = ({ newMode, newSpotPrice, ondemandPrice }: Row) =>
  fromDecimal(newMode === 'spot' ? newSpotPrice : ondemandPrice);

/** Rows that one statement reads; rows of usual width fit in one Data API response. */
const fileChunk = 2000;
const chunksOfFile = 2;

const header = [
  'Timestamp',
  'Old Instance ID',
  'New Instance ID',
  'From Mode',
  'To Mode',
  'From Pool',
  'To Pool',
  'Trigger',
  'Price ($)',
  'Savings Impact ($/hr)',
];

interface FileOf {
  readonly clientId: string;
  readonly cursor?: Position | undefined;
}

/** The same as a file of at most 4,000 rows (protocol C23). The next file begins at `next`. At most two statements. */
export async function switchHistoryFile(db: Db, { clientId, cursor }: FileOf): Promise<CsvFile> {
  const rows: Row[] = [];
  let after = cursor;
  let next: string | undefined;
  for (let chunk = 0; chunk < chunksOfFile; chunk += 1) {
    const page = await readPage({
      list: 'C23',
      size: fileChunk,
      safeSize: safeSwitches,
      read: (limit) => selectOf(db, { clientId, cursor: after, limit }).execute(),
      positionOf: ({ initiatedAt, id }) => timedPosition(initiatedAt, id),
      toItems: (those) => those,
    });
    rows.push(...page.items);
    next = page.next;
    const last = page.items.at(-1);
    if (next === undefined || !last) break;
    after = timedPosition(last.initiatedAt, last.id);
  }
  return { name: `client_${clientId}_switch_history.csv`, text: csvOf(header, rows.map(fileRow), { digits: 6 }), next };
}

const fileRow = (row: Row) => [
  row.initiatedAt.toISOString(),
  row.oldInstanceId || 'N/A',
  row.newInstanceId || 'N/A',
  row.oldMode,
  row.newMode,
  row.oldPoolId ?? 'N/A',
  row.newPoolId ?? 'N/A',
  row.eventTrigger || 'N/A',
  priceAfter(row) ?? 'N/A',
  fromDecimal(row.savingsImpact) ?? 'N/A',
];
