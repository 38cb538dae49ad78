import { cp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where Lambda finds a layer's packages. */
const packages = 'nodejs/node_modules';

/** The functions run on Linux on ARM; an x64 layer is twice as large. */
type Architecture = 'arm64' | 'x64';

/** The files that inference needs. The packages also carry libraries for six systems, and their installers. */
const needed = (architecture: Architecture) => [
  'onnxruntime-node/package.json',
  'onnxruntime-node/dist',
  `onnxruntime-node/bin/napi-v6/linux/${architecture}`,
  'onnxruntime-common/package.json',
  'onnxruntime-common/dist/cjs',
];

/**
 * Makes the folder for the Lambda layer with the model and its runtime. The same installation gives the same bytes.
 * @returns its size in bytes
 */
export async function makeOnnxLayer(
  root: string,
  directory: string,
  architecture: Architecture = 'arm64',
): Promise<number> {
  await rm(directory, { recursive: true, force: true });
  const isNeeded = (file: string) => !/\.(map|d\.ts|ts)$/.test(file);
  for (const path of needed(architecture))
    await cp(join(root, 'node_modules', path), join(directory, packages, path), { recursive: true, filter: isNeeded });
  for (const file of ['model.onnx', 'model.json'])
    await cp(join(root, 'layers/model', file), join(directory, 'model', file));
  return sizeOf(directory);
}

async function sizeOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
