import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { StateReader } from '../support/database/state-reader.ts';
import fc from '../support/fast-check.ts';
import { timelessFunctions } from '../support/processes/timeless-functions.ts';
import type { Tenant } from '../support/rig/api.ts';
import { Rig } from '../support/rig/rig.ts';
import { sizes } from '../support/run/sizes.ts';
import { checkStep, finish } from '../support/simulation/interleavings/audit.ts';
import { injectChaos } from '../support/simulation/interleavings/faults.ts';
import { steps } from '../support/simulation/interleavings/steps.ts';
import { InterleavedWorld, pools } from '../support/simulation/interleavings/world.ts';

// INTERLEAVINGS=50000 runs longer; SEED and REPLAY (fast-check's `path`) reproduce a failure.
const runs = sizes.interleavings;
const seed = Number(process.env.SEED ?? inject('runSeed') + inject('simulation').part);
const timeLimit = 120_000 + runs * 1000;

let rig: Rig;
let tenant: Tenant;
let reader: StateReader;
beforeAll(async () => {
  rig = await Rig.start({ DATA_API_RETRY_MS: '150' }, { functions: timelessFunctions() });
  tenant = await rig.tenant();
  reader = await StateReader.open();
  for (const id of pools)
    await rig.instance(tenant, { type: 'm5.large', az: id.split('.').at(-1)!, mode: 'spot' }).register();
});
afterAll(async () => {
  await reader?.close();
  await rig?.stop();
});

const worlds = fc.record({
  start: fc.constantFrom('nobody' as const, 'settled' as const, 'queued' as const, 'under way' as const),
  insists: fc.boolean(),
  chaos: fc.record({ percent: fc.constantFrom(0, 1, 2, 5, 20), seed: fc.nat() }),
  steps: fc.array(steps, { minLength: 4, maxLength: 8 }),
});

it(`holds its rules in ${runs} random interleavings of an agent's instances, time and faults`, {
  timeout: timeLimit + 60_000,
}, async () => {
  let handedOut = 0;
  const property = fc.asyncProperty(worlds, async ({ start, insists, chaos, steps }) => {
    const world = new InterleavedWorld({ rig, tenant, reader, insists });
    await authorizeAnew();
    if (start !== 'nobody') await world.settle();
    await checkStep(world, true);
    if (start === 'queued' || start === 'under way') await world.issue(0);
    if (start === 'under way') await world.poll('primary');
    await checkStep(world, true);
    const endFaults = injectChaos(rig, chaos);
    try {
      for (const actions of steps) {
        world.mayFail = chaos.percent > 0 || actions.length > 1;
        const done = await Promise.allSettled(actions.map((action) => action.perform(world)));
        for (const result of done) if (result.status === 'rejected') throw result.reason;
        await checkStep(world, actions.length === 1);
      }
    } finally {
      endFaults();
    }
    world.mayFail = false;
    await finish(world);
    handedOut += world.handedTo.size;
  });
  const details = await fc.check(property, {
    numRuns: runs,
    seed,
    path: process.env.REPLAY,
    interruptAfterTimeLimit: timeLimit,
  });
  if (details.failed) {
    const { message } = (details.errorInstance ?? {}) as Partial<Error>;
    throw new Error(`${fc.defaultReportMessage(details)}\n\n${message ?? details.errorInstance}`);
  }
  expect(details.interrupted).toBe(false);
  // Worlds where little happens would satisfy any rule.
  if (runs >= 100) expect(handedOut).toBeGreaterThan(runs / 2);
});

/** The gateway caches authorizations for a minute. Renews them while no fault strikes: a failed authorizer is a 500. */
async function authorizeAnew() {
  rig.controlPlane.gateway.forgetAuthorizations();
  await rig.request('GET', '/api/agents/None/config', { token: tenant.token });
}
