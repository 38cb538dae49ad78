import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { onnxGraph } from '../../../../../layers/model/onnx-graph.ts';
import { activateModel } from '../../../../support/models/activate-model.ts';
import { endless } from '../../../../support/models/hostile.ts';
import { modelChildren } from '../../../../support/models/model-children.ts';
import { Rig } from '../../../../support/rig/rig.ts';
import { triesAll } from '../../../../support/run/sizes.ts';

let rig: Rig;
/** The model processes of test files that ran before. */
let others: readonly string[];
beforeAll(async () => {
  others = modelChildren();
  rig = await Rig.start({}, { functionThreads: 1 });
});
afterAll(() => rig.stop());

const children = () => modelChildren().filter((pid) => !others.includes(pid));

it('a model process ends with the threads that functions run in', async () => {
  const chance = { weights: Array(8).fill(0), intercept: 1 };
  await activateModel(rig, onnxGraph('test', [chance, chance, chance]));
  const agent = await rig.primary();
  await agent.set({ availabilityTarget: '0.99900' });
  await agent.report(1, { 'us-east-1a': 0.3 });
  await rig.runJob('decide');
  expect(children()).toHaveLength(1);
  await rig.stop();
  await expect.poll(children).toEqual([]);
});

/** Starts a model process as `ModelProcess` does, has it run a model, prints its process ID, and waits. */
const parent = `
  const child = require('node:child_process').fork(process.argv[1], { stdio: 'ignore' });
  const [model] = process.argv.slice(2);
  child.send({ id: 1, model });
  child.on('message', ({ id, why }) => {
    if (why) throw new Error(why);
    if (id === 1) child.send({ id: 2, features: Array(8).fill(0), rows: 1 }, () => console.log(child.pid));
  });`;

// It takes ten seconds.
it.runIf(triesAll)('a model process that loops ends once its parent is killed', { timeout: 30_000 }, async () => {
  const model = Buffer.from(endless()).toString('base64');
  const started = spawn(process.execPath, ['-e', parent, 'dist/jobs/model-child.js', model], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [pid] = (await once(started.stdout, 'data')).map(Number);
  const isThere = () => existsSync(`/proc/${pid}`);
  const ticks = () => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[13]);
  const before = ticks();
  await expect.poll(ticks, { timeout: 5000 }).toBeGreaterThan(before + 20);
  started.kill('SIGKILL');
  await once(started, 'exit');
  expect(isThere()).toBe(true);
  await expect.poll(isThere, { timeout: 20_000 }).toBe(false);
});
