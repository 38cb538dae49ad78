import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestInstance } from '../support/agents/test-instance.ts';
import { Rig } from '../support/rig/rig.ts';
import { sizes } from '../support/run/sizes.ts';

// The control plane was down, and all agents come back in the same second.

const awaySeconds = 600;
/** Minutes until everything is as it was before. */
const settledAfter = 5;

let rig: Rig;
let fleet: TestInstance[];
beforeAll(async () => {
  rig = await Rig.start();
  const tenant = await rig.tenant();
  fleet = [];
  for (let n = 0; n < sizes.herd; n += 1)
    fleet.push(await rig.primary({ type: `h${n % 5}.large`, mode: 'spot' }, tenant));
});
afterAll(() => rig.stop());

const jobs = ['decide', 'sweep-commands', 'expire-agents', 'coordinate-replicas', 'cap-launches'] as const;

/** A minute's requests of every agent, all at once, with a price report in every fifth minute. */
async function minute(n: number) {
  const before = rig.controlPlane.dataApi.calls;
  const answers = await Promise.all(
    fleet.flatMap((instance) => [
      instance.heartbeat(),
      instance.pendingCommands(),
      instance.listReplicas('launching'),
      instance.instancesToTerminate(),
      ...(n % 5 === 0 ? [instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.05 })] : []),
    ]),
  );
  const ofAgents = rig.controlPlane.dataApi.calls - before;
  for (const job of jobs) expect(await rig.runJob(job)).toMatchObject({ ran: true });
  const ofJobs = rig.controlPlane.dataApi.calls - before - ofAgents;
  rig.pass(60);
  const statuses = [...new Set(answers.map(({ status }) => status))];
  return { statuses, calls: ofAgents, ofJobs };
}

const standing = async () =>
  (await rig.db.selectFrom('agents').select(['id', 'status', 'epoch']).orderBy('id').execute()).map(
    ({ status, epoch }) => `${status} ${epoch}`,
  );

it(`is as it was before within ${settledAfter} minutes, and refuses nobody meanwhile`, async () => {
  for (let n = 0; n < 5; n += 1) await minute(n);
  const usual: Awaited<ReturnType<typeof minute>>[] = [];
  for (let n = 0; n < 5; n += 1) usual.push(await minute(n));
  const before = await standing();
  rig.pass(awaySeconds);
  const back = [];
  for (let n = 0; n < settledAfter + 5; n += 1) back.push(await minute(n));
  for (const [n, { statuses }] of back.entries()) expect(statuses, `minute ${n}`).toEqual([200]);
  // Which of the concurrent reports writes the prices is chance, and so are a call or two.
  const sum = (minutes: typeof usual, of: 'calls' | 'ofJobs') => minutes.reduce((total, one) => total + one[of], 0);
  for (const of of ['calls', 'ofJobs'] as const)
    expect(sum(back.slice(settledAfter), of), of).toBeLessThanOrEqual(sum(usual, of) * 1.15);
  expect(await standing(), 'nobody was deposed, or thought to be gone').toEqual(before);
});
