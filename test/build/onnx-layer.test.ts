import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeOnnxLayer } from '../../build/onnx-layer.ts';

const root = join(import.meta.dirname, '../..');
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'layer-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

it('has the runtime of Linux on ARM and of nothing else, in 30 MB', async () => {
  const layer = join(directory, 'arm64');
  const bytes = await makeOnnxLayer(root, layer);
  console.log(`the layer has ${(bytes / 1e6).toFixed(1)} MB`);
  expect(bytes).toBeLessThan(30e6);
  const systems = join(layer, 'nodejs/node_modules/onnxruntime-node/bin/napi-v6');
  expect(existsSync(join(systems, 'linux/arm64'))).toBe(true);
  for (const other of ['linux/x64', 'darwin', 'win32']) expect(existsSync(join(systems, other))).toBe(false);
});

it.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'is all that a model needs: the same for this machine runs ours',
  async () => {
    const layer = join(directory, 'x64');
    await makeOnnxLayer(root, layer, 'x64');
    const script = `
      const { InferenceSession, Tensor } = require('onnxruntime-node');
      InferenceSession.create(process.argv[1])
        .then((session) => session.run({ features: new Tensor('float32', new Float32Array(8), [1, 8]) }))
        .then(({ chances }) => console.log(chances.dims.join('x')));`;
    const env = { PATH: process.env.PATH, NODE_PATH: join(layer, 'nodejs/node_modules') };
    // Away from the project, whose own installation would be found otherwise.
    const answer = execFileSync(process.execPath, ['-e', script, join(root, 'layers/model/model.onnx')], {
      cwd: directory,
      env,
    });
    expect(String(answer).trim()).toBe('1x3');
  },
);
