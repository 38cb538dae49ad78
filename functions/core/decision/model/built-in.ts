import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { featureNames, lossHours } from '../policy-a/features.ts';
import type { ModelSource } from './model-source.ts';
import { loadRuntime } from './runtime.ts';
import { openSession } from './session.ts';

/** The part of layers/model/model.json that a decision uses. */
const Description = z.object({
  sha256: z.string(),
  input: z.object({ name: z.string(), features: z.array(z.object({ name: z.string() })) }),
  output: z.object({ name: z.string(), hours: z.array(z.number()) }),
});

/**
 * The layer's model: `model.onnx`, as `model.json` beside it describes it.
 * @param directory that contains both files
 */
export const builtInModel = (directory: string, runtime = loadRuntime): ModelSource => ({
  kind: 'built-in',
  async open() {
    const { sha256, input, output } = Description.parse(
      JSON.parse(await readFile(join(directory, 'model.json'), 'utf8')),
    );
    const bytes = await readFile(join(directory, 'model.onnx'));
    const hash = createHash('sha256').update(bytes).digest('hex');
    if (hash !== sha256) throw new Error(`model.onnx has the hash ${hash}; model.json says ${sha256}`);
    const features = input.features.map(({ name }) => name);
    if (features.join() !== featureNames.join())
      throw new Error(`it was made for the features ${features.join(', ')}; pools have ${featureNames.join(', ')}`);
    if (output.hours.join() !== lossHours.join())
      throw new Error(`its chances are for ${output.hours.join(', ')} h; they must be for ${lossHours.join(', ')} h`);
    const infer = await openSession(runtime(), bytes, { input: input.name, output: output.name });
    return { name: `built-in@${hash.slice(0, 12)}`, infer };
  },
});
