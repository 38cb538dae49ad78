import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { restMs } from '../../../../../functions/core/decision/model/guarded-model.ts';
import { replay } from '../../../../../functions/core/decision/replay.ts';
import { onnxGraph } from '../../../../../layers/model/onnx-graph.ts';
import { writeModel } from '../../../../support/models/model-directory.ts';
import { Rig } from '../../../../support/rig/rig.ts';

let rig: Rig;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'model-'));
  rig = await Rig.start({ MODEL_DIR: directory });
});
afterAll(async () => {
  await rig.stop();
  await rm(directory, { recursive: true });
});

let types = 0;
/** What the loop, A12 and A13 say of an agent with a target. */
async function decisions() {
  const agent = await rig.primary({ type: `f7-${++types}.large` });
  await agent.set({ availabilityTarget: '0.99900' });
  await agent.report(1, { 'us-east-1a': 0.3, 'us-east-1b': 0.4 });
  await rig.runJob('decide');
  const asked = await agent.request('POST', '/decide', { instance: {} });
  const recommended = await agent.request('GET', '/switch-recommendation');
  expect([asked.status, recommended.status]).toEqual([200, 200]);
  expect([asked.calls, recommended.calls].every((calls) => calls <= 3)).toBe(true);
  const stored = await agent.decisions();
  const explained = [asked, recommended].map(({ body }) => body.explanation);
  for (const { inputs, decisionTime, answer } of stored)
    expect(replay({ inputs: JSON.parse(JSON.stringify(inputs)), decisionTime, answer }).kind).toBe('same');
  return {
    models: [...explained.map(({ model }) => model), ...stored.map(({ inputs }) => (inputs as Inputs).service.model)],
    explained: explained.map(({ degraded }) => degraded),
    stored: stored.map(({ inputs }) => (inputs as Inputs).service.degraded),
    actions: stored.map(({ recommendedAction }) => recommendedAction),
  };
}

interface Inputs {
  readonly service: { readonly model: string; readonly degraded: boolean };
}

const weightless = { weights: Array(8).fill(0), intercept: Number.NaN };
const nan = onnxGraph('nan', [weightless, weightless, weightless]);

it('decisions go on while the model is missing, cut off or wrong, say so, and use it once right (F7)', async () => {
  const faults = [
    async () => {},
    async () => {
      await writeModel(directory, {});
      await truncate(join(directory, 'model.onnx'), 100);
    },
    () => writeModel(directory, { sha256: '0'.repeat(64) }),
    () => writeModel(directory, { onnx: nan }),
  ];
  const onSpot = await rig.primary({ type: 'seen.large', mode: 'spot', az: 'us-east-1a' });
  await onSpot.report(1, { 'us-east-1a': 0.3 });
  const degraded = [];
  for (const write of faults) {
    await write();
    degraded.push(await decisions());
    expect(await rig.runJob('observe-pools')).toMatchObject({ ran: true });
    rig.pass(restMs / 1000);
  }
  const rated = () => rig.db.selectFrom('poolRisks').select('poolId').execute();
  expect(await rated()).toEqual([]); // chances for an hour and for six are the model's alone
  await writeModel(directory, {});
  const right = await decisions();
  rig.pass(600);
  await rig.runJob('observe-pools');
  expect(await rated()).not.toEqual([]);
  for (const { models, explained, stored, actions } of degraded) {
    expect(models).toEqual(Array(4).fill(expect.stringMatching(/^fitted@[0-9a-f]{12}$/)));
    expect({ explained, stored }).toEqual({ explained: [true, true], stored: [true, true] });
    // The weights in TypeScript equal the model's.
    expect(actions).toEqual(right.actions);
  }
  expect(right.models).toEqual(Array(4).fill(expect.stringMatching(/^built-in@[0-9a-f]{12}$/)));
  expect(right.stored).toEqual([false, false]);
});
