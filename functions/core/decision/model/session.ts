import { featureNames, lossHours } from '../policy-a/features.ts';
import type { Runtime } from './runtime.ts';

/** Input: a row per pool. Output: for each, the chances of a loss within each of `lossHours`. */
export const shape = { features: featureNames.length, chances: lossHours.length } as const;

/** Takes rows of features in the order of `featureNames`, one after another; gives a row of chances for each. */
type Session = (features: Float32Array, rows: number) => Promise<Float32Array>;

/** The names that the model's input and output must have. Without them any name will do. */
interface Names {
  readonly input: string;
  readonly output: string;
}

/**
 * Loads a model with the same shape as ours.
 * @throws Error when the runtime refuses it, or its input differs; `Session` throws when the output is not chances
 */
export async function openSession(
  { InferenceSession, Tensor }: Runtime,
  bytes: Uint8Array,
  names?: Names,
): Promise<Session> {
  const session = await InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  }).catch((error: Error) => {
    throw new Error(`the ONNX runtime refuses it: ${error.message.slice(0, 300)}`);
  });
  const [input, ...others] = session.inputMetadata;
  if (!input || others.length > 0) throw new Error(`it has ${session.inputNames.length} inputs; it must have one`);
  if (!input.isTensor || input.type !== 'float32') throw new Error(`its input ${input.name} is not a float32 tensor`);
  if (input.shape.length !== 2 || input.shape[1] !== shape.features)
    throw new Error(`its input has the shape [${input.shape.join(', ')}]; it must be [rows, ${shape.features}]`);
  if (names && input.name !== names.input) throw new Error(`its input is ${input.name}; it must be ${names.input}`);
  return async (features, rows) => {
    const feeds = { [input.name]: new Tensor('float32', features, [rows, shape.features]) };
    const answers = Object.entries(await session.run(feeds));
    const [first, ...more] = answers;
    if (!first || more.length > 0) throw new Error(`it has ${answers.length} outputs; it must have one`);
    const [name, { dims, data }] = first;
    if (names && name !== names.output) throw new Error(`its output is ${name}; it must be ${names.output}`);
    if (dims.length !== 2 || dims[0] !== rows || dims[1] !== shape.chances)
      throw new Error(`its output ${name} has the shape [${dims.join(', ')}]; it must be [rows, ${shape.chances}]`);
    const chances = Float32Array.from(data as ArrayLike<number | bigint>, Number);
    if (!chances.every((chance) => chance >= 0 && chance <= 1))
      throw new Error(`its output ${name} is not a chance from 0 to 1 for some rows`);
    return chances;
  };
}
