import type { Connection } from 'mariadb';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { seedFleet } from '../../bench/fleet-history.ts';
import { type JobName, jobs } from '../../functions/jobs.ts';
import { DataApiError } from '../../local/aws/data-api/errors.ts';
import { connectToRig } from '../support/database/beside.ts';
import { KeptTables } from '../support/database/kept-tables.ts';
import fc from '../support/fast-check.ts';
import { Rig } from '../support/rig/rig.ts';
import { sizes } from '../support/run/sizes.ts';
import { dueWork, type Slots, things } from '../support/scenes/due-work.ts';
import { type Receiver, startReceiver } from '../support/scenes/receiver.ts';

// What a job leaves in the tables does not depend on how often it ran, on concurrent runs, on how late it was, or on
// where a run was killed. Nothing is stored between two Data API calls, so a killed process is one that makes no call
// from the n-th on.

const worlds = sizes.jobWorlds;
/** In each world each job is killed at one of its calls, or at many in turn. */
const { jobKillsEach } = sizes;
const names = Object.keys(jobs) as JobName[];
const agents = 24;

/** Jobs that work in steps: a tenant's row is deleted when a run has found nothing else to delete. */
const inSteps: ReadonlySet<JobName> = new Set(['delete-clients']);

let rig: Rig;
let beside: Connection;
/** The tables of the fleet that all worlds start from, and those of the current world. */
let fleet: KeptTables;
let tables: KeptTables;
let receiver: Receiver;
/** The jobs that had something to do in at least one world. */
const busy = new Set<JobName>();

beforeAll(async () => {
  rig = await Rig.start({ DATA_API_RETRY_MS: '50' });
  beside = await connectToRig();
  receiver = await startReceiver();
  rig.controlPlane.ec2.spotPrices = () =>
    ['a', 'b'].map((zone) => ({ instanceType: 'm1.large', az: `us-east-1${zone}`, price: '0.020000', at: now() }));
  // These record runs, request counts and calls to AWS, not a job's results.
  const left = ['job_runs', 'rate_counts', 'market_collections'];
  tables = await KeptTables.of(beside, { schema: rig.database, as: 'world', left });
  fleet = await KeptTables.of(beside, { schema: rig.database, as: 'fleet' });
  const client = await seedFleet(beside, { agents, machines: 3, due: agents / 2, instanceTypes: 4, zones: 3 }, now());
  await rig.asAdmin('PUT', `/api/client/${client}/webhook`, { url: receiver.url, digest_minutes: 1 });
  for (const statement of moreWork(client)) await beside.query(statement);
  await rig.asAdmin('POST', `/api/client/${client}/what-if`, { days: 1 });
  await fleet.keep();
});
afterAll(async () => {
  await tables.drop();
  await fleet.drop();
  await beside.end();
  await receiver.close();
  await rig.stop();
});

const now = () => rig.clock.now();
const text = (time: Date) => `'${time.toISOString().slice(0, 23)}'`;
const ago = (hours: number) => text(new Date(now().getTime() - hours * 3_600_000));

/** What a fleet has besides its agents. */
const moreWork = (client: string) => [
  'UPDATE instances SET primary_since = installed_at',
  `UPDATE agents SET last_heartbeat_at = ${ago(1 / 60)}, primary_changed_at = ${ago(48)}`,
  // An image whose every instance registers as an agent that launches the next.
  `INSERT INTO replica_instances (id, client_id, agent_id, replica_type, pool_id, instance_type, region, az, status,
     launch_claimed_at, created_at)
   SELECT CONCAT('r', r.n, a.id), 'runaway', a.id, 'manual', a.current_pool_id, a.instance_type, a.region, a.az, 'failed',
     ${ago(0.5)}, ${ago(0.5)} FROM agents AS a CROSS JOIN (SELECT 1 AS n UNION SELECT 2 UNION SELECT 3) AS r`,
  `INSERT INTO clients (id, name, email, created_at, updated_at) VALUES ('runaway', 'Runaway', 'r@example.com', ${ago(9)}, ${ago(9)})`,
  // Prices of 80 minutes, and as many of 31 days ago that have to be thinned out.
  ...[0, 31 * 24].map(
    (
      back,
    ) => `INSERT INTO pricing_snapshots_clean (pool_id, time_bucket, spot_price, source_type, source_priority, confidence_score, observed_at)
      SELECT p.id, t.at, 0.03 + (MINUTE(t.at) > 30) / 100, 'primary', 4, 1, t.at FROM spot_pools AS p CROSS JOIN (
        SELECT TIMESTAMPADD(MINUTE, -10 * (a.n + 1), ${ago(back)}) AS at FROM (
          SELECT 0 AS n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7) AS a) AS t`,
  ),
  `INSERT INTO savings_progress VALUES (1, ${ago(4)}, NULL)`,
  `INSERT INTO client_price_overlays VALUES ('${client}', 0, 'Plan', '', 'ondemand', 0.7, NULL, ${ago(6)}, NULL)`,
  `INSERT INTO savings_corrections VALUES ('${client}', ${ago(6)}, NULL, 'change')`,
  `INSERT INTO pricing_alerts (id, client_id, pool_id, direction, threshold, created_at)
   SELECT CONCAT('alert-', p.id), '${client}', p.id, 'below', 0.05, ${ago(1)} FROM spot_pools AS p`,
  `INSERT INTO system_events (id, client_id, event_type, severity, message, notify, unqueued, created_at)
   SELECT CONCAT('told-', n), '${client}', 'test', 'warning', 'Test', TRUE, TRUE, ${ago(0.05)} FROM (SELECT 1 AS n UNION SELECT 2) AS a`,
  `INSERT INTO cleanup_logs (id, client_id, agent_id, cleanup_type, deleted_snapshots_count, deleted_amis_count, failed_count, executed_at)
   SELECT CONCAT('old', a.id), a.client_id, a.id, 'x', 0, 0, 0, ${ago(40 * 24)} FROM agents AS a`,
  `INSERT INTO clients (id, name, email, is_active, deleted_at, created_at, updated_at) VALUES ('gone', 'Gone', 'g@example.com', FALSE, ${ago(1)}, ${ago(9)}, ${ago(1)})`,
];

const run = (job: JobName, time = now()) =>
  rig.controlPlane.runJob({ job, time: time.toISOString() }) as Promise<{ ran: boolean; rows?: number }>;

/** Ends the lease of a killed run, as time would. */
const endLease = () => beside.query('UPDATE job_runs SET running_until = NULL');

/** A run whose process makes no call from the n-th on, and whose transaction the Data API ends. */
async function killedRun(job: JobName, n: number) {
  let calls = 0;
  rig.controlPlane.dataApi.onCall = () => {
    calls += 1;
    if (calls >= n) throw new DataApiError('AccessDeniedException', 'dead');
  };
  await run(job).catch(() => {});
  rig.controlPlane.dataApi.onCall = undefined;
  await rig.controlPlane.dataApi.expire();
  await endLease();
}

async function onceRun(job: JobName) {
  await tables.restore();
  const callsBefore = rig.controlPlane.dataApi.calls;
  const before = JSON.stringify(await tables.read());
  await run(job);
  const calls = rig.controlPlane.dataApi.calls - callsBefore;
  if (inSteps.has(job)) await toTheEnd(job);
  const leaves = await tables.read();
  if (JSON.stringify(leaves) !== before) busy.add(job);
  return { calls, leaves };
}

async function toTheEnd(job: JobName) {
  while (((await run(job)).rows ?? 0) > 0);
}

const slots = fc.record(
  Object.fromEntries(
    things.map((thing) => [thing, fc.tuple(fc.nat({ max: agents / 2 }), fc.integer({ min: 1, max: agents / 2 }))]),
  ),
) as fc.Arbitrary<Slots>;
/** Where each job is killed, as a fraction of its calls. */
const kills = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
  minLength: names.length,
  maxLength: names.length,
});

it('every job leaves the same rows, run once, twice, twice at once, late, or after a kill at any call', async () => {
  await fc.assert(
    fc.asyncProperty(slots, kills, async (these, points) => {
      await fleet.restore();
      for (const statement of dueWork(now(), these)) await beside.query(statement);
      await tables.keep();
      for (const [i, job] of names.entries()) {
        const once = await onceRun(job);
        const one = 1 + Math.floor(points[i]! * once.calls);
        const every = Array.from({ length: once.calls }, (_, k) => k + 1);
        const killedAt = jobKillsEach === 0 ? [one] : every.filter((n) => (n - one) % jobKillsEach === 0);
        for (const n of killedAt) {
          await tables.restore();
          await killedRun(job, n);
          await Promise.all([run(job), run(job)]);
          if (inSteps.has(job)) await toTheEnd(job);
          const what = `${job}, killed at call ${n} of ${once.calls}, and repeated twice at once`;
          expect(await tables.read(), what).toEqual(once.leaves);
        }
        await run(job);
        expect(await run(job, new Date(now().getTime() - 60_000))).toMatchObject({ ran: false });
        expect(await tables.read(), `${job}, repeated, and a late run of the minute before`).toEqual(once.leaves);
      }
    }),
    { numRuns: worlds, seed: inject('runSeed'), endOnFailure: true },
  );
  expect(names.filter((job) => !busy.has(job))).toEqual(['measure-fleet']);
}, 3_600_000);
