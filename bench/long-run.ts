/**
 * Runs a fleet over months of virtual time and counts each table's rows, to check that rows that accumulate with time
 * alone are deleted as docs/adr/0039 says.
 */
import { join } from 'node:path';
import { createConnection } from 'mariadb';
import { defaultThreads } from '../local/aws/lambda-threads.ts';
import { VirtualClock } from '../local/clock.ts';
import { type DatabaseServer, startControlPlane } from '../local/control-plane.ts';
import { report } from '../local/fleet/report/report.ts';
import { queryOver } from '../local/fleet/run/query.ts';
import { createTenant } from '../local/fleet/run/tenant.ts';
import { interruption } from '../local/interruption.ts';
import { type Life, live } from './life.ts';
import { tableBounds, wordsOf } from './table-bounds.ts';
import { type Count, TableCounts } from './table-counts.ts';

/** Days between two columns of the table. */
const columnDays = 10;

interface LongRunOptions extends Pick<Life, 'days' | 'agents'> {
  readonly database: DatabaseServer;
  readonly dataDir: string;
}

/** Prints each table's rows by day, with its bound. @throws Error when a table exceeds its bound */
export async function reportLongRun({ days, agents, database, dataDir }: LongRunOptions): Promise<void> {
  const databaseName = 'bench_long_run';
  const start = new Date('2026-01-05T00:00:00Z');
  const pollSeconds = 2 * 86_400;
  const clock = new VirtualClock(start);
  const environment = {
    HEARTBEAT_TIMEOUT_SECONDS: String(4 * pollSeconds),
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    RATE_LIMITS: 'off',
  };
  const own = { database, databaseName, dataDir: join(dataDir, 'long-run'), port: 0, clock };
  const plane = await startControlPlane({ ...own, environment, functionThreads: defaultThreads() });
  const connection = await createConnection({ ...database, database: databaseName, allowPublicKeyRetrieval: true });
  try {
    const counts = new TableCounts(connection);
    const columns = new Map<number, ReadonlyMap<string, Count>>();
    const query = queryOver(plane.dataApi.url);
    const tenant = await createTenant(plane.url, plane.adminToken, 'Long run');
    const outcome = await live(
      { plane, clock, query, tenant, signal: interruption() },
      {
        agents,
        days,
        start,
        pollSeconds,
        lossEveryDays: 30,
        onDay: async (day, happened, now) => {
          await counts.endOfDay(now);
          if (day % columnDays === 0 || day === days) {
            columns.set(day, await counts.count(happened));
            print(columns);
          }
        },
      },
    );
    console.log(`\n${report(outcome)}\n`);
    print(columns);
    const over = [...columns].flatMap(([day, tables]) => tooLarge(tables).map((table) => `${table} on day ${day}`));
    if (over.length > 0) throw new Error(`more rows than retention leaves: ${over.join(', ')}`);
    console.log('No table had more rows than retention leaves.');
  } finally {
    await connection.end();
    await plane.stop();
  }
}

/** The tables that exceed their bound. */
export const tooLarge = (tables: ReadonlyMap<string, Count>): string[] =>
  [...tables].flatMap(([table, { rows, bound }]) => (rows > bound ? [table] : []));

function print(columns: ReadonlyMap<number, ReadonlyMap<string, Count>>): void {
  const [, last] = [...columns].at(-1)!;
  console.log('\nRows of each table at the end of a day, and how many there may be at the last.');
  console.table(
    Object.fromEntries(
      [...last].map(([table, { bound }]) => [
        table,
        {
          ...Object.fromEntries([...columns].map(([day, tables]) => [`day ${day}`, tables.get(table)!.rows])),
          bound,
          by: wordsOf(tableBounds[table]!),
        },
      ]),
    ),
  );
}
