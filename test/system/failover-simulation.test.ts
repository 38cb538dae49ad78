import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Fault } from '../../local/aws/data-api/faults.ts';
import { seeded } from '../../local/random.ts';
import { Killed } from '../support/lambda-process.ts';
import { Rig, type Tenant } from '../support/rig.ts';
import { account } from '../support/simulated-events.ts';
import { SimulatedLambdas } from '../support/simulated-lambdas.ts';
import { StandbyModel, simulatedJobs } from '../support/standby-model.ts';
import { Ledger } from '../support/standby-state.ts';
import { Tally } from '../support/standby-world.ts';

// SIMULATION_STEPS=200000 for a long look; SEED to see one world again, with its trace. A world has 50 steps.
const stepsOfWorld = 50;
const worlds = Math.ceil(Number(process.env.SIMULATION_STEPS ?? 10_000) / stepsOfWorld);
const only = process.env.SEED === undefined ? undefined : Number(process.env.SEED);
const seeds = only === undefined ? Array.from({ length: worlds }, (_, i) => i + 1) : [only];

let rig: Rig;
let tenant: Tenant;
let ledger: Ledger;
const lambdas = new SimulatedLambdas();

beforeAll(async () => {
  const say = console.error;
  vi.spyOn(console, 'error').mockImplementation((...words) => {
    if (!words.some((word) => word instanceof Killed)) say(...words);
  });
  const pauses = pathToFileURL(`${import.meta.dirname}/../support/simulated-pauses.ts`);
  // A statement that waits for a lock of the dead ends soon.
  const options = { functions: lambdas.invoke, dataApiLimits: { statementMs: 1500 } };
  rig = await Rig.start({ DATA_API_RETRY_MS: '250', NODE_OPTIONS: `--import=${pauses}` }, options);
  const name = `Tenant ${randomUUID()}`;
  const { body } = await rig.asAdmin('POST', '/api/admin/clients/create', { name, aws_account_id: account });
  tenant = { id: body.client.id, name, token: body.client.token };
  ledger = await Ledger.open();
  await lambdas.prepare();
  // A job's first run of all makes its row: a world is the same whether it is the first one or not.
  for (const job of simulatedJobs) await rig.runJob(job);
});
afterAll(async () => {
  await lambdas.stop();
  await ledger?.close();
  await rig?.stop();
  vi.restoreAllMocks();
});

/** F1 and F2; a rollback is left alone, as one that is lost holds its locks for three minutes. */
const faults: Pick<Fault, 'error' | 'when' | 'operation'>[] = (
  [
    'DatabaseResumingException',
    'InternalServerErrorException',
    'ServiceUnavailableError',
    'DatabaseUnavailableException',
    'StatementTimeoutException',
  ] as const
).flatMap((error) => [
  { error, when: 'before', operation: 'Execute' },
  { error, when: 'before', operation: 'BeginTransaction' },
  { error, when: 'before', operation: 'CommitTransaction' },
  ...(error === 'DatabaseResumingException'
    ? []
    : [
        { error, when: 'after' as const, operation: 'Execute' as const },
        { error, when: 'after' as const, operation: 'CommitTransaction' as const },
      ]),
]);

/** Each has a chance of its own: of two calls at once either may come first, and no draw must depend on that. */
function injectFaults(percent: number, seed: number) {
  if (percent === 0) return;
  for (const [i, fault] of faults.entries()) {
    const alternatives = faults.filter(({ operation }) => operation === fault.operation).length;
    const probability = percent / 100 / alternatives;
    const random = seeded(seed * 1000 + i);
    rig.faults.inject({ ...fault, times: Number.POSITIVE_INFINITY, probability, random });
  }
}

/** Each world begins at the same hour of a Monday, long after the one before, of which nothing is left to see. */
async function nextWorld() {
  const weekMs = 7 * 86_400_000;
  const now = rig.clock.now().getTime();
  rig.pass((weekMs - ((now - Date.UTC(2026, 2, 2)) % weekMs)) / 1000);
  await rig.controlPlane.dataApi.expire();
  await ledger.clear();
}

async function simulate(seed: number): Promise<Tally> {
  await nextWorld();
  // The gateway keeps the authorizer's answer; it is asked anew where no fault strikes it, as it would answer 500.
  rig.controlPlane.gateway.forgetAuthorizations();
  await rig.request('GET', '/api/agents/None/config', { token: tenant.token });
  const model = new StandbyModel({ rig, tenant, ledger, lambdas, seed });
  const { world } = model;
  try {
    await model.begin();
    injectFaults(world.percent, seed);
    for (let step = 0; step < stepsOfWorld; step += 1) await model.step();
    rig.faults.clear();
    await model.finish();
    model.end();
  } catch (error) {
    const trace = error instanceof Error && error.message.startsWith('Broken') ? '' : `\n${world.trace}`;
    throw new Error(`SEED=${seed} shows it again.\n${error instanceof Error ? error.message : error}${trace}`, {
      cause: error,
    });
  } finally {
    rig.faults.clear();
  }
  if (only !== undefined) console.log(world.trace);
  return world.tally;
}

it(`holds its rules in ${seeds.length} random worlds of standbys, notices and faults`, {
  timeout: 60_000 + seeds.length * 10_000,
}, async () => {
  const total = new Tally();
  const began = performance.now();
  for (const seed of seeds) total.add(await simulate(seed));
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`${seeds.length * stepsOfWorld} steps in ${seconds} s: ${total}`);
  // Worlds in which little happens would hold any rule.
  if (seeds.length < 20) return;
  for (const what of ['standbys', 'failovers', 'kills', 'events', 'deaths while booting', 'launches refused'])
    expect(total.of(what), what).toBeGreaterThan(seeds.length / 8);
});
