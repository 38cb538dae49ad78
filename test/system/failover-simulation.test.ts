import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { sizes } from '../support/run/sizes.ts';
import { FailoverSimulation, stepsOfWorld } from '../support/simulation/failovers/simulation.ts';
import { Tally } from '../support/simulation/tally.ts';

// SIMULATION_STEPS=200000 runs longer; SEED replays one world, with its trace.
const { part, parts } = inject('simulation');
const worlds = Math.ceil(sizes.simulationSteps / stepsOfWorld);
const only = process.env.SEED === undefined ? undefined : Number(process.env.SEED);
// In groups of four: how often faults strike depends on the seed modulo 4, and each part should have every rate.
const mine = Array.from({ length: worlds }, (_, i) => i + 1).filter((seed) => Math.floor(seed / 4) % parts === part);
const seeds = only === undefined ? mine : [only];

let simulation: FailoverSimulation;
beforeAll(async () => {
  simulation = await FailoverSimulation.open();
});
afterAll(() => simulation?.close());

it(`holds its rules in ${seeds.length} random worlds of standbys, notices and faults`, {
  timeout: 60_000 + seeds.length * 10_000,
}, async () => {
  const total = new Tally();
  const began = performance.now();
  for (const seed of seeds) {
    const { trace, tally } = await simulation.play(seed);
    total.add(tally);
    if (only !== undefined) console.log(trace);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`${seeds.length * stepsOfWorld} steps in ${seconds} s: ${total}`);
  // Worlds where little happens would satisfy any rule. How often rare things happen in a few worlds is chance.
  if (seeds.length < 20) return;
  const often = ['standbys', 'failovers', 'kills', 'events', 'acts of the neighbour'];
  const rare = ['deaths while booting', 'launches refused', 'outages', 'reports of launches lost', 'switches given up'];
  for (const what of often) expect(total.of(what), what).toBeGreaterThan(seeds.length / 8);
  if (seeds.length < 100) return;
  // Rare things happen 20 to 60 times in 100 worlds: five or fewer of any is less likely than 1 in 10,000.
  for (const what of rare) expect(total.of(what), what).toBeGreaterThan(seeds.length / 20);
});
