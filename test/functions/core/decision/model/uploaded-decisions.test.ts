import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { restMs } from '../../../../../functions/core/decision/model/guarded-model.ts';
import { hazardOf } from '../../../../../functions/core/decision/policy-a/hazard.ts';
import { replay } from '../../../../../functions/core/decision/replay.ts';
import { hourMs, msBefore } from '../../../../../functions/shared/time.ts';
import { onnxGraph } from '../../../../../layers/model/onnx-graph.ts';
import { lambdaHost } from '../../../../../local/aws/lambda-host.ts';
import { enterLoss } from '../../../../support/database/losses.ts';
import { activateModel } from '../../../../support/models/activate-model.ts';
import { endless, greedy } from '../../../../support/models/hostile.ts';
import { endModelChildren, modelChildren } from '../../../../support/models/model-children.ts';
import { Rig } from '../../../../support/rig/rig.ts';
import { triesAll } from '../../../../support/run/sizes.ts';

let rig: Rig;
/** The model processes of test files that ran before. */
let others: readonly string[];
beforeAll(async () => {
  others = modelChildren();
  rig = await Rig.start();
});
afterAll(async () => {
  await rig.stop();
  endModelChildren(children());
});

const children = () => modelChildren().filter((pid) => !others.includes(pid));
beforeEach(async () => {
  await rig.db.deleteFrom('modelSessions').execute();
  await rig.db.deleteFrom('modelFiles').execute();
  await rig.db.deleteFrom('policyShadows').execute();
});

const at = '/api/admin/ml-models';
const constant = (intercept: number) => ({ weights: Array(8).fill(0), intercept });
/** A model that gives every pool the same chance. */
const model = (intercept: number) => onnxGraph('test', Array(3).fill(constant(intercept)));

/** Uploads a model and makes it live. @returns its session */
async function activated(bytes: Uint8Array): Promise<string> {
  const { id, answer } = await activateModel(rig, bytes);
  expect(answer.status).toBe(200);
  return id;
}

const fileOf = (id: string) => join(rig.dataDir, 's3/activated', id);

/** Replaces the model file that was tried with other bytes, as if those had passed. */
async function replace(id: string, bytes: Uint8Array): Promise<void> {
  await writeFile(fileOf(id), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await rig.db.updateTable('modelSessions').set({ sha256 }).where('id', '=', id).execute();
}

interface Inputs {
  readonly service: { readonly model: string; readonly degraded: boolean };
  readonly prices: { readonly pools: readonly { readonly hazard: number }[] };
}

let types = 0;
/** What the loop and A12 decide for an agent with a target whose pools have been seen. */
async function decisions() {
  types += 1;
  const type = `up-${types}.large`;
  const agent = await rig.primary({ type });
  await agent.set({ availabilityTarget: '0.99900' });
  await agent.report(1, { 'us-east-1a': 0.3, 'us-east-1b': 0.4 });
  // The hazard of a pool that was never lost or seen comes from its band, not from a model.
  for (const zone of ['a', 'b'])
    await enterLoss(rig.db, { poolId: `${type}.us-east-1${zone}`, at: msBefore(rig.clock.now(), hourMs) });
  await rig.runJob('decide');
  const asked = await agent.request('POST', '/decide', { instance: {} });
  expect(asked.status).toBe(200);
  expect(asked.calls).toBeLessThanOrEqual(3);
  const stored = await agent.decisions();
  for (const { inputs, decisionTime, answer } of stored)
    expect(replay({ inputs: JSON.parse(JSON.stringify(inputs)), decisionTime, answer }).kind).toBe('same');
  const inputs = stored.map((one) => one.inputs as unknown as Inputs);
  return {
    models: [asked.body.explanation.model, ...inputs.map(({ service }) => service.model)],
    degraded: inputs.map(({ service }) => service.degraded),
    hazards: inputs.flatMap(({ prices }) => prices.pools.map(({ hazard }) => hazard)),
  };
}

const health = async () => (await rig.asAdmin('GET', '/api/admin/system-health')).body;
const builtIn = expect.stringMatching(/^built-in@[0-9a-f]{12}$/);
const uploaded = (session: string) => expect.stringMatching(`^uploaded@${session}#[0-9a-f]{12}$`);

describe('a model that operators have activated', () => {
  it('decides, and is named with its decisions, until the one before is live again', async () => {
    expect((await decisions()).models).toEqual(Array(3).fill(builtIn));
    expect(children()).toEqual([]);
    const first = await activated(model(1));
    const name = uploaded(first);
    const by = await decisions();
    expect(by).toMatchObject({ models: [name, name, name], degraded: [false, false] });
    const hazard = hazardOf(1 / (1 + Math.exp(-1)));
    expect(by.hazards).toEqual(Array(4).fill(expect.closeTo(hazard, 5)));
    await rig.runJob('observe-pools');
    expect(await health()).toMatchObject({
      decisionEngineStatus: { riskModel: { name, degraded: false } },
      modelStatus: { loaded: true, version: first },
    });
    // `decision` and `jobs` have one process each, and keep it.
    const running = children();
    expect(running).toHaveLength(2);
    await decisions();
    expect(children()).toEqual(running);

    const second = await activated(model(-1));
    expect((await decisions()).models).toEqual(Array(3).fill(uploaded(second)));
    expect(children()).not.toEqual(running);
    await rig.asAdmin('POST', `${at}/fallback`);
    expect((await decisions()).models).toEqual(Array(3).fill(name));
    await rig.db.deleteFrom('modelSessions').execute();
    expect((await decisions()).models).toEqual(Array(3).fill(builtIn));
    await expect.poll(children).toEqual([]);
  });
});

describe('the stand-in for a live model that fails (F7)', () => {
  const chances = Buffer.from(model(1));
  const failures: [string, (id: string) => Promise<void>][] = [
    ['is gone from S3', (id) => rm(fileOf(id))],
    ['is other bytes than were tried', (id) => writeFile(fileOf(id), chances.subarray(0, 100))],
    ['is cut off, with the hash of what is left', (id) => replace(id, chances.subarray(0, 100))],
    ['gives NaN', (id) => replace(id, model(Number.NaN))],
    ['takes 3 GB', (id) => replace(id, greedy(268_435_456n))],
  ];
  // It takes two waits of five seconds.
  if (triesAll) failures.push(['never ends', (id) => replace(id, endless())]);

  it.each(failures)('is the model of the layer when it %s', { timeout: 60_000 }, async (_, spoil) => {
    const id = await activated(model(1));
    await spoil(id);
    expect(await decisions()).toMatchObject({ models: [builtIn, builtIn, builtIn], degraded: [true, true] });
    await rig.runJob('observe-pools');
    expect(await health()).toMatchObject({
      decisionEngineStatus: { riskModel: { name: builtIn, degraded: true } },
      modelStatus: { loaded: false, version: id },
    });
    await expect.poll(children).toEqual([]);
    // Five minutes later it is right, and decides again.
    await replace(id, model(1));
    rig.pass(restMs / 1000);
    expect((await decisions()).models).toEqual(Array(3).fill(uploaded(id)));
  });

  it('decides for five minutes before the live model is tried again', async () => {
    const id = await activated(model(1));
    await rm(fileOf(id));
    await decisions();
    await writeFile(fileOf(id), model(1));
    rig.pass(restMs / 1000 - 1);
    expect(await decisions()).toMatchObject({ models: [builtIn, builtIn, builtIn], degraded: [true, true] });
  });
});

it('each container runs the same live model in a process of its own', async () => {
  const id = await activated(model(1));
  await decisions();
  const running = children().length;
  const agent = await rig.primary({ type: 'two.large' });
  await agent.set({ availabilityTarget: '0.99900' });
  await agent.report(1, { 'us-east-1a': 0.3 });
  await lambdaHost()('jobs', { job: 'decide', time: rig.clock.now().toISOString() }, { timeoutMs: 60_000 });
  expect(children()).toHaveLength(running + 1);
  const [{ inputs }] = (await agent.decisions()) as unknown as [{ inputs: Inputs }];
  expect(inputs.service).toMatchObject({ model: uploaded(id), degraded: false });
});
