/**
 * Measures the cost of hazards from the layer's ONNX model: loading, the first inference, then 1 and 1,000 pools, each
 * compared with the weights in TypeScript. No database, no HTTP: this is what a decision adds to its calls.
 */
import { join, resolve } from 'node:path';
import { makeOnnxLayer } from '../build/onnx-layer.ts';
import { fittedHazards } from '../functions/core/decision/fitted-hazards.ts';
import type { HazardModel } from '../functions/core/decision/hazard-model.ts';
import { builtInModel } from '../functions/core/decision/model/built-in.ts';
import { within } from '../functions/core/decision/model/deadline.ts';
import { deadlineMs, GuardedModel } from '../functions/core/decision/model/guarded-model.ts';
import { layeredHazards } from '../functions/core/decision/model/layered-hazards.ts';
import { loadRuntime } from '../functions/core/decision/model/runtime.ts';
import type { PoolView } from '../functions/core/decision/policy-a/input.ts';

const now = new Date('2026-03-02T00:00:00Z');
const root = resolve(import.meta.dirname, '..');

/** Pools in groups of six, like the zones of a region. */
function groupsOf(pools: number): PoolView[][] {
  const views = Array.from({ length: pools }, (_, i): PoolView => {
    const history = { drops1h: i % 2, drops24h: i % 7, drops7d: i % 30, upHours24h: 20, upHours7d: 100 + (i % 60) };
    const spells = {
      upHours: (i % 50) / 3,
      previousUpHours: (i % 20) / 2,
      downHoursBefore: (i % 9) / 4,
      unseenHours: 0,
    };
    return {
      id: `pool-${i}`,
      price: 0.1,
      availability: i % 5 === 0 ? 'down' : 'up',
      history: { ...history, ...spells },
    };
  });
  return Array.from({ length: Math.ceil(pools / 6) }, (_, i) => views.slice(6 * i, 6 * i + 6));
}

async function milliseconds(run: () => unknown): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Alternates between the models, so that other load on the machine affects both alike. */
async function compare(models: readonly HazardModel[], pools: number) {
  const groups = groupsOf(pools);
  const taken = models.map((): number[] => []);
  for (let turn = 0; turn < 300; turn += 1)
    for (const [n, model] of models.entries())
      taken[n]!.push(await milliseconds(() => model.hazards(groups, null, now)));
  const [onnx, fitted] = taken.map(median) as [number, number];
  return { 'ONNX ms': onnx.toFixed(3), 'TypeScript ms': fitted.toFixed(3), ratio: (onnx / fitted).toFixed(2) };
}

/** @param dataDir where a layer is built, to measure its size */
export async function reportModel(dataDir: string): Promise<void> {
  const directory = join(root, 'layers/model');
  const runtime = await milliseconds(loadRuntime);
  const source = builtInModel(directory);
  const load = await milliseconds(() => source.open(within(deadlineMs)));
  const model = layeredHazards(new GuardedModel(source));
  const first = await milliseconds(() => model.hazards(groupsOf(1), null, now));
  console.log(`The runtime loads in ${runtime.toFixed(1)} ms, the model in ${load.toFixed(1)} ms.`);
  console.log(`The first hazards, with the model loaded anew, take ${first.toFixed(1)} ms.`);
  const rows = [];
  for (const pools of [1, 1000]) rows.push([`${pools} pools`, await compare([model, fittedHazards], pools)] as const);
  console.table(Object.fromEntries(rows));
  const bytes = await makeOnnxLayer(root, join(dataDir, 'layer'));
  console.log(`The layer has ${(bytes / 1e6).toFixed(1)} MB unzipped.`);
  console.log(`Memory of this process (RSS): ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB.`);
}
