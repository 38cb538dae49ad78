import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleOptions } from '../../build/bundling.ts';
import { makeOnnxLayer } from '../../build/onnx-layer.ts';

const root = join(import.meta.dirname, '../..');
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'layer-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

it('the layer holds the model and the runtime for Linux on ARM only, in less than 30 MB', async () => {
  const layer = join(directory, 'arm64');
  const bytes = await makeOnnxLayer(root, layer);
  console.log(`the layer has ${(bytes / 1e6).toFixed(1)} MB`);
  expect(bytes).toBeLessThan(30e6);
  const systems = join(layer, 'nodejs/node_modules/onnxruntime-node/bin/napi-v6');
  expect(existsSync(join(systems, 'linux/arm64'))).toBe(true);
  for (const other of ['linux/x64', 'darwin', 'win32']) expect(existsSync(join(systems, other))).toBe(false);
  for (const file of ['model.onnx', 'model.json'])
    expect(readFileSync(join(layer, 'model', file))).toEqual(readFileSync(join(root, 'layers/model', file)));
});

it.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'the layer, built for this machine, is all that a bundle needs to run the model: NODE_PATH leads to the runtime',
  async () => {
    const layer = join(directory, 'x64');
    await makeOnnxLayer(root, layer, 'x64');
    // Outside the project, as its own node_modules would be found otherwise.
    const file = join(directory, 'function/index.js');
    await build({
      ...bundleOptions,
      stdin: {
        contents: `
          import { builtInModel } from './functions/core/decision/model/built-in.ts';
          export const open = () => builtInModel(process.env.MODEL_DIR).open();`,
        resolveDir: root,
      },
      outfile: file,
    });
    const script = `
      require(process.argv[1]).open()
        .then(async ({ name, infer }) => console.log(name, (await infer(new Float32Array(16), 2)).length))
        .catch(({ message }) => console.log(message.split('\\n')[0]));`;
    const home = await mkdtemp(join(directory, 'home-'));
    const runWith = (env: Record<string, string>) =>
      String(
        execFileSync(process.execPath, ['-e', script, file], {
          cwd: directory,
          env: { PATH: process.env.PATH, HOME: home, MODEL_DIR: join(layer, 'model'), ...env },
        }),
      ).trim();
    expect(runWith({ NODE_PATH: join(layer, 'nodejs/node_modules') })).toMatch(/^built-in@[0-9a-f]{12} 6$/);
    expect(runWith({})).toBe("Cannot find module 'onnxruntime-node'");
    // The runtime's telemetry would store there what it is about to send.
    expect(readdirSync(home)).toEqual([]);
  },
);
