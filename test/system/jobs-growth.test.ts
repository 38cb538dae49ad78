import { expect, it } from 'vitest';
import { seedFleet } from '../../bench/fleet-history.ts';
import { rowsExamined, sumOf } from '../../bench/rows-examined.ts';
import { type JobName, jobs } from '../../functions/jobs.ts';
import { connectToRig } from '../support/database/beside.ts';
import { Rig } from '../support/rig/rig.ts';
import { dueWork, type Slots, things } from '../support/scenes/due-work.ts';

// How many rows a job reads each minute depends on what is due, not on how long the fleet has run.

type Examined = Readonly<Record<JobName, Readonly<Record<string, number>>>>;

/** Work for each job, on the same agents each time. */
const slots = Object.fromEntries(things.map((thing, i) => [thing, [20 * i, 20]])) as unknown as Slots;

/** Rows that each job reads, by table, in the same fleet after each agent has had this many instances. */
async function examinedAfter(machines: number): Promise<Examined> {
  const rig = await Rig.start();
  const beside = await connectToRig();
  try {
    await seedFleet(beside, { agents: 300, machines, due: 100 }, rig.clock.now());
    await rig.runJob('delete-old-rows'); // as on each night until then
    for (const statement of dueWork(rig.clock.now(), slots)) await beside.query(statement);
    const examined = await rowsExamined(beside, rig.database);
    const ofJobs: [JobName, Readonly<Record<string, number>>][] = [];
    for (const job of Object.keys(jobs) as JobName[]) {
      await examined.read();
      await rig.runJob(job);
      ofJobs.push([job, await examined.read()]);
    }
    return Object.fromEntries(ofJobs) as Examined;
  } finally {
    await beside.end();
    await rig.stop();
  }
}

it('no job reads more rows in a fleet with ten times as long a history', async () => {
  const [young, old] = [await examinedAfter(5), await examinedAfter(50)];
  for (const job of Object.keys(jobs) as JobName[]) {
    const report = `${job}: ${JSON.stringify(young[job])} against ${JSON.stringify(old[job])}`;
    expect(sumOf(old[job]), report).toBeLessThanOrEqual(sumOf(young[job]) * 1.1 + 20);
  }
});
