import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../../layers/model/model-file.ts';

const ours = 'layers/model';

export const readOurs = () => readFile(join(ours, 'model.onnx'));

/** The contents of model.json, with some values changed. */
async function described(changes: object) {
  return JSON.stringify({ ...JSON.parse(await readFile(join(ours, 'model.json'), 'utf8')), ...changes });
}

/**
 * Writes the layer's model, with other bytes or another description if given. `model.json` has the hash of the bytes.
 */
export async function writeModel(
  directory: string,
  { onnx, ...changes }: { onnx?: Uint8Array; [key: string]: unknown },
) {
  const bytes = onnx ?? (await readOurs());
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'model.onnx'), bytes);
  await writeFile(join(directory, 'model.json'), await described({ sha256: sha256(bytes), ...changes }));
}
