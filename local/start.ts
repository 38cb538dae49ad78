/**
 * `npm start`: runs the control plane on this machine and a fleet of simulated agents against it. See
 * `npm start -- --help`.
 */
import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { defaultThreads } from './aws/lambda-threads.ts';
import { type Clock, systemClock, VirtualClock } from './clock.ts';
import { failCommand } from './command-line.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { Measures, measuresFile } from './dashboard/measures.ts';
import { dashboardPage } from './dashboard/page.ts';
import { closeConnections } from './fleet/agents/agent-http.ts';
import { type Outcome, report } from './fleet/report/report.ts';
import { help, readOptions, type StartOptions } from './fleet/run/options.ts';
import { play } from './fleet/run/play.ts';
import { Progress } from './fleet/run/progress.ts';
import { type Query, queryOver } from './fleet/run/query.ts';
import { createTenant, type Tenant } from './fleet/run/tenant.ts';
import { aborted, interruption } from './interruption.ts';
import { checkAvailability } from './market/availability.ts';
import { type Market, PricesError, shiftMarket } from './market/market.ts';
import { readPriceFile } from './market/price-files.ts';
import { syntheticMarket } from './market/synthetic-market.ts';

const dayMs = 86_400_000;

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options === 'help') return console.log(help);
  const asRecorded = marketFor(options);
  const recorded = periodOf(asRecorded, options.days);
  for (const note of asRecorded.notes) console.log(note);

  const signal = interruption();
  const virtual = new VirtualClock(recorded.start);
  let clock: Clock = virtual;
  const measures = new Measures({ now: () => clock.now() });
  execFileSync(process.execPath, [join(import.meta.dirname, '../build/bundle.ts'), '--quiet'], { stdio: 'inherit' });
  const controlPlane = await startControlPlane({
    port: options.port,
    dataDir: options.dataDir,
    fresh: options.fresh,
    clock: { now: () => clock.now() },
    environment: environmentFor(options),
    say: (line) => console.error(line),
    functionThreads: defaultThreads(),
    measures,
  });
  try {
    const market = await shiftPastKnownPrices(asRecorded, queryOver(controlPlane.dataApi.url));
    const { start, end } = periodOf(market, options.days);
    const name = `Demo ${new Date().toISOString()}`;
    const tenant = await createTenant(controlPlane.url, controlPlane.adminToken, name, options.availabilityTarget);
    const outcome = await playOn(controlPlane, {
      options,
      market,
      start,
      end,
      virtual,
      tenant,
      signal,
      measures,
    });
    console.log(`\n${report(outcome)}\n`);
    console.log(`The dashboards of the run: ${keepDashboards(measures, options.dataDir)}\n`);
    clock = systemClock;
    if (!options.exit && !signal.aborted) await serve(controlPlane, tenant, outcome, signal);
  } finally {
    closeConnections();
    await controlPlane.stop();
  }
}

/**
 * Moves the market later, by whole days, when the database has prices from an earlier run. Otherwise the control plane
 * would take those for the newest.
 */
async function shiftPastKnownPrices(market: Market, query: Query): Promise<Market> {
  const [row] = await query('SELECT MAX(seen_at) AS latest FROM tenant_pool_prices');
  const latest = row?.latest ? new Date(`${String(row.latest).replace(' ', 'T')}Z`) : undefined;
  if (!latest || latest < market.start) return market;
  const days = Math.floor((latest.getTime() - market.start.getTime()) / dayMs) + 1;
  console.log(
    `The database has prices up to ${latest.toISOString()} from an earlier run, so the file is played ${days} days later ` +
      'than recorded. Use --fresh to start over instead.',
  );
  return shiftMarket(market, days * dayMs);
}

function marketFor(options: StartOptions): Market {
  const { prices, availability, days, seed } = options;
  if (availability !== undefined) {
    const market = readPriceFile(availability, options);
    checkAvailability(market, availability);
    return market;
  }
  if (prices !== undefined) return readPriceFile(prices, options);
  const today = Math.floor(Date.now() / dayMs) * dayMs;
  return syntheticMarket({ seed, days, start: new Date(today - Math.ceil(days) * dayMs) });
}

function periodOf({ start, end }: Market, days: number): { start: Date; end: Date } {
  const hours = (end.getTime() - start.getTime()) / 3600_000;
  if (hours < 1)
    throw new PricesError(`the prices cover ${(hours * 60).toFixed(0)} minutes; at least an hour is required`);
  return { start, end: new Date(Math.min(end.getTime(), start.getTime() + days * dayMs)) };
}

/** An agent that polls rarely must not count as offline: it gets four periods, as at its own interval. */
function environmentFor({ pollSeconds }: StartOptions): Record<string, string> {
  return pollSeconds === undefined ? {} : { HEARTBEAT_TIMEOUT_SECONDS: String(4 * pollSeconds) };
}

interface Run {
  readonly options: StartOptions;
  readonly market: Market;
  readonly start: Date;
  readonly end: Date;
  readonly virtual: VirtualClock;
  readonly tenant: Tenant;
  readonly signal: AbortSignal;
  readonly measures: Measures;
}

async function playOn(controlPlane: ControlPlane, { virtual, measures, ...run }: Run): Promise<Outcome> {
  const { url, scheduler, dataApi, events, deadLetters, ec2 } = controlPlane;
  mkdirSync(run.options.dataDir, { recursive: true });
  const log = createWriteStream(join(run.options.dataDir, 'fleet.log'));
  const progress = new Progress();
  measures.begin(run.start);
  try {
    return await play({
      ...run,
      clock: virtual,
      url,
      query: queryOver(dataApi.url),
      onMinute: async () => {
        await scheduler.runDue();
        await events.deliverDue();
        measures.queues({ events, deadLetters });
      },
      postEvents: (batch) => {
        events.send(batch);
        return events.deliverDue();
      },
      deadLetters,
      ec2,
      progress,
      log: (line) => log.write(`${line}\n`),
    });
  } finally {
    progress.end();
    log.end();
  }
}

/** Saves what was measured, and the page of it. @returns the path of the page */
function keepDashboards(measures: Measures, dataDir: string): string {
  measures.save(join(dataDir, measuresFile));
  const page = resolve(dataDir, 'dashboard.html');
  writeFileSync(page, dashboardPage(measures.measured()));
  return page;
}

/** Serves the API in real time, without agents, until interrupted. */
async function serve(
  controlPlane: ControlPlane,
  tenant: Tenant,
  { fleet }: Outcome,
  signal: AbortSignal,
): Promise<void> {
  controlPlane.scheduler.start();
  const [handle = '<agent id>'] = [...fleet.ledger.handles.values()];
  const [agent] = handle.split('~');
  console.log(
    `The API is up at ${controlPlane.url}, in real time and without agents. Ctrl-C stops it. Try\n\n` +
      `  curl -H 'Authorization: Bearer ${tenant.token}' ${controlPlane.url}/api/agents/${agent}/config\n`,
  );
  await aborted(signal);
}

main(process.argv.slice(2)).catch((error) => failCommand('npm start', error, { mistakes: [PricesError] }));
