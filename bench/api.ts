/**
 * Measures how fast agents' requests are served end to end: HTTP, gateway, bundle, SDK, Data API, database.
 * Absolute times depend on the machine as much as on the code. Each is therefore also given as a ratio to
 * `GET /health`, which reads nothing, and to a second control plane, measured in alternation with the first.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { defaultThreads } from '../local/aws/lambda-threads.ts';
import { failCommand } from '../local/command-line.ts';
import { startDatabase } from '../local/database/server.ts';
import { reportInterruptions } from './interruptions.ts';
import { reportJobs } from './jobs.ts';
import { Load, type Measured } from './load.ts';
import { reportLongRun } from './long-run.ts';
import { reportModel } from './model.ts';
import { type BenchOptions, help, readOptions } from './options.ts';
import { type Plane, startPlane } from './plane.ts';
import type { RequestName } from './requests.ts';

/** How long one control plane is measured before switching to the other. */
const turnSeconds = 0.5;

interface Row {
  readonly request: RequestName;
  readonly measured: Measured;
  readonly other: Measured;
}

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options === 'help') return console.log(help);
  const dataDir = await mkdtemp(join(tmpdir(), 'spot-bench-'));
  if (options.model) return await reportModel(dataDir).finally(() => rm(dataDir, { recursive: true, force: true }));
  const database = await startDatabase({ dataDir: join(dataDir, 'database'), say: (line) => console.error(line) });
  const planes: Plane[] = [];
  const start = async (name: string, checkout: string, functionThreads: number | undefined) => {
    const own = { databaseName: `bench_${name}`, dataDir: join(dataDir, name) };
    planes.push(await startPlane({ ...own, checkout, functionThreads, database }));
  };
  try {
    if (options.jobs)
      return await reportJobs({ sizes: options.jobs, priceDays: options.history ?? 0, database, dataDir });
    if (options.interruptions) {
      const notices = options.interruptions;
      return await reportInterruptions({ notices, seconds: 60, held: Math.floor(notices / 50), database, dataDir });
    }
    if (options.days) {
      const { days, agents } = options;
      return await reportLongRun({ days, agents, database, dataDir });
    }
    const here = resolve(import.meta.dirname, '..');
    const { against } = options;
    const threads = defaultThreads();
    await start('first', here, threads);
    await start('other', against ? resolve(against) : here, against ? threads : undefined);
    console.log(
      `Threads for the functions: ${threads}. Other: ${against ?? 'the functions in the thread of the gateway'}.`,
    );
    await report(planes, options);
  } finally {
    for (const plane of planes) await plane.stop();
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function report(planes: readonly Plane[], options: BenchOptions): Promise<void> {
  for (const agents of [1, 16]) {
    const rows = await measureAll(planes, agents, options);
    console.log(`\n${agents === 1 ? 'One agent, one request after another' : `${agents} agents at once`}`);
    console.table(toTable(rows));
    const ratios = rows.map(({ measured, other }) => Math.log(measured.requestsPerSecond / other.requestsPerSecond));
    const mean = Math.exp(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length);
    console.log(`Requests a second are ${mean.toFixed(2)} times those of the other (geometric mean).`);
  }
  const [first, other] = await Promise.all(planes.map((plane) => plane.rssMB()));
  console.log(`\nMemory of the control plane (RSS): ${first!.toFixed(0)} MB; of the other: ${other!.toFixed(0)} MB.`);
}

async function measureAll(
  planes: readonly Plane[],
  agents: number,
  { requests, seconds }: BenchOptions,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const request of requests) {
    const [measured, other] = (await measure(planes, request, agents, seconds)) as [Measured, Measured];
    rows.push({ request, measured, other });
  }
  return rows;
}

/** Alternates between the planes, in alternating order, so that other load on the machine affects both alike. */
async function measure(planes: readonly Plane[], request: RequestName, agents: number, seconds: number) {
  const loads: Load[] = [];
  for (const plane of planes) loads.push(await Load.prepare(plane, request, agents));
  const turns = Math.max(2, Math.round(seconds / turnSeconds));
  for (let turn = 0; turn < turns; turn += 1)
    for (const load of turn % 2 === 0 ? loads : loads.toReversed()) await load.run(seconds / turns);
  for (const load of loads) load.close();
  return loads.map((load) => load.measured);
}

function toTable(rows: readonly Row[]) {
  const health = rows.find(({ request }) => request === 'health')?.measured;
  return Object.fromEntries(
    rows.map(({ request, measured, other }) => [
      request,
      {
        'requests/s': Math.round(measured.requestsPerSecond),
        'other requests/s': Math.round(other.requestsPerSecond),
        ratio: (measured.requestsPerSecond / other.requestsPerSecond).toFixed(2),
        'p50 ms': measured.p50.toFixed(2),
        'p99 ms': measured.p99.toFixed(2),
        'p50 to health': health ? (measured.p50 / health.p50).toFixed(2) : '-',
        'Data API calls': measured.callsPerRequest.toFixed(2),
        failed: measured.failed + other.failed,
      },
    ]),
  );
}

main(process.argv.slice(2)).catch((error) => failCommand('npm run bench', error));
