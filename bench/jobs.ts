/**
 * Measures the cost of one run of each job by number of agents: Data API calls, rows read by the database, and time.
 * Every agent has a history and an availability target, and every one is due for a decision.
 */
import { join } from 'node:path';
import { createConnection } from 'mariadb';
import { type JobName, jobs } from '../functions/jobs.ts';
import { VirtualClock } from '../local/clock.ts';
import { type ControlPlane, type DatabaseServer, startControlPlane } from '../local/control-plane.ts';
import type { Cost } from './cost.ts';
import { seedFleet, seedPrices } from './fleet-history.ts';
import { measureQueries } from './price-queries.ts';
import { type RowsExamined, rowsExamined, sumOf } from './rows-examined.ts';

/** Instances that each agent has had. */
const machines = 5;

interface JobsOptions {
  readonly sizes: readonly number[];
  /** Days of five-minute prices for a thousand pools; 0 for none. */
  readonly priceDays: number;
  readonly database: DatabaseServer;
  readonly dataDir: string;
}

/** Prints one table with the fleet sizes side by side. */
export async function reportJobs({ sizes, priceDays, database, dataDir }: JobsOptions): Promise<void> {
  const costs = new Map<number, Readonly<Record<string, Cost>>>();
  for (const agents of sizes)
    costs.set(agents, await measureJobs({ agents, priceDays, database, dataDir: join(dataDir, `jobs-${agents}`) }));
  const names = new Set([...costs.values()].flatMap((ofJobs) => Object.keys(ofJobs)));
  console.log(`\nOne run of each job; ${machines} instances an agent, all agents due for a decision.`);
  console.table(
    Object.fromEntries(
      [...names].map((name) => [
        name,
        Object.fromEntries(
          sizes.flatMap((agents) => {
            const cost = costs.get(agents)![name];
            if (!cost) return [];
            const { calls, rows, seconds, changed } = cost;
            const columns = { calls, rows, s: Number(seconds.toFixed(2)), changed };
            return Object.entries(columns).map(([column, value]) => [`${agents}: ${column}`, value]);
          }),
        ),
      ]),
    ),
  );
}

type Fleet = Omit<JobsOptions, 'sizes'> & { readonly agents: number };

async function measureJobs({ agents, priceDays, ...where }: Fleet) {
  const databaseName = `bench_jobs_${agents}`;
  const clock = new VirtualClock(new Date('2026-03-02T00:00:00Z'));
  const plane = await startControlPlane({ ...where, databaseName, port: 0, clock, functionThreads: 1 });
  const connection = await createConnection({
    ...where.database,
    database: databaseName,
    multipleStatements: true,
    allowPublicKeyRetrieval: true,
    socketTimeout: 0,
  });
  try {
    const began = performance.now();
    const pools = priceDays > 0 ? { instanceTypes: 200, zones: 5 } : {};
    await seedFleet(connection, { agents, machines, due: agents, ...pools }, clock.now());
    if (priceDays > 0) await seedPrices(connection, priceDays, clock.now());
    // With a target, policy A decides, which costs more than the rules do.
    await connection.query('UPDATE agents SET availability_target = 0.9995');
    // Leaves an hour for the savings job to account for.
    const at = new Date(clock.now().getTime() - 2 * 3_600_000);
    await connection.query('INSERT INTO savings_progress VALUES (1, ?, NULL)', [at]);
    console.error(`${agents} agents made in ${((performance.now() - began) / 1000).toFixed(0)} s`);
    const examined = await rowsExamined(connection, databaseName);
    const costs: Record<string, Cost> = {};
    if (priceDays > 0) Object.assign(costs, await measureQueries(plane, connection, examined));
    const measure = async (job: JobName, name: string) => {
      costs[name] = await costOf(plane, { job, time: clock.now() }, examined);
    };
    for (const job of Object.keys(jobs) as JobName[]) await measure(job, job);
    // Runs again for what the previous run had no time for, until nothing is left.
    for (let run = 2; costs[run === 2 ? 'decide' : `decide, run ${run - 1}`]!.changed > 0; run += 1) {
      clock.set(new Date(clock.now().getTime() + 60_000));
      await measure('decide', `decide, run ${run}`);
    }
    return costs;
  } finally {
    await connection.end();
    await plane.stop();
  }
}

async function costOf(
  plane: ControlPlane,
  { job, time }: { readonly job: JobName; readonly time: Date },
  examined: RowsExamined,
): Promise<Cost> {
  await examined.read();
  const before = plane.dataApi.calls;
  const began = performance.now();
  const { rows = 0 } = (await plane.runJob({ job, time: time.toISOString() })) as { rows?: number };
  const seconds = (performance.now() - began) / 1000;
  return { calls: plane.dataApi.calls - before, rows: sumOf(await examined.read()), seconds, changed: rows };
}
