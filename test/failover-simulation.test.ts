import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Fault } from '../local/data-api/faults.ts';
import { type Random, seeded } from '../local/fleet/random.ts';
import { Rig, type Tenant } from './support/rig.ts';
import { Ledger, StandbyModel, settled } from './support/standby-model.ts';

// SIMULATION_STEPS=200000 for a long look; SEED to see one world again. A world has 50 steps.
const stepsOfWorld = 50;
const worlds = Math.ceil(Number(process.env.SIMULATION_STEPS ?? 10_000) / stepsOfWorld);
const seeds =
  process.env.SEED === undefined ? Array.from({ length: worlds }, (_, i) => i + 1) : [Number(process.env.SEED)];

let rig: Rig;
let tenant: Tenant;
let ledger: Ledger;
beforeAll(async () => {
  rig = await Rig.start({ DATA_API_RETRY_MS: '60' });
  tenant = await rig.tenant();
  ledger = await Ledger.open();
});
afterAll(async () => {
  await ledger?.close();
  await rig?.stop();
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

function injectFaults(percent: number, random: Random) {
  if (percent === 0) return;
  for (const fault of faults) {
    const alternatives = faults.filter(({ operation }) => operation === fault.operation).length;
    rig.faults.inject({ ...fault, times: Number.POSITIVE_INFINITY, probability: percent / 100 / alternatives, random });
  }
}

/** Calls that are under way together overtake each other, each time otherwise. */
function shuffle(random: Random) {
  rig.controlPlane.dataApi.onCall = async () => {
    for (let turns = Math.floor(random() * 6); turns > 0; turns -= 1)
      await new Promise<void>((resolve) => setImmediate(resolve));
  };
}

/** Within a poll, a boot; past the notice, the heartbeat timeout, a launch's ten minutes, a lease, a false alarm. */
const times = [5, 20, 60, 125, 610, 1300, 7300];

async function simulate(seed: number) {
  const random = seeded(seed);
  const percent = [0, 1, 5, 20][seed % 4]!;
  const model = new StandbyModel(rig, tenant, ledger, { random, type: `s${seed}.large` });
  // The gateway keeps the authorizer's answer; it is asked anew where no fault strikes it, as it would answer 500.
  rig.controlPlane.gateway.forgetAuthorizations();
  await rig.request('GET', '/api/agents/None/config', { token: tenant.token });
  await model.begin();
  injectFaults(percent, random);
  shuffle(seeded(seed));
  try {
    for (let step = 0; step < stepsOfWorld; step += 1) {
      if (random() < 0.12) model.pass(times[Math.floor(random() ** 1.5 * times.length)]!);
      const atOnce = random() < 0.2 ? 2 + Math.floor(random() * 3) : 1;
      model.mayFail = percent > 0 || atOnce > 1;
      await settled(Array.from({ length: atOnce }, () => model.act()));
      await model.check(atOnce === 1);
    }
  } finally {
    rig.faults.clear();
    rig.controlPlane.dataApi.onCall = undefined;
  }
  model.mayFail = false;
  await model.finish();
  await model.end();
  return model.tally;
}

it(`holds its rules in ${seeds.length} random worlds of standbys, notices and faults`, {
  timeout: 60_000 + seeds.length * 5000,
}, async () => {
  const total = { standbys: 0, failovers: 0 };
  for (const seed of seeds) {
    try {
      const tally = await simulate(seed);
      total.standbys += tally.standbys;
      total.failovers += tally.failovers;
    } catch (error) {
      throw new Error(`SEED=${seed} shows it again.\n${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  }
  // Worlds in which little happens would hold any rule.
  if (seeds.length >= 20) {
    expect(total.standbys).toBeGreaterThan(seeds.length);
    expect(total.failovers).toBeGreaterThan(seeds.length / 4);
  }
});
