import { InferenceSession as Session, Tensor } from 'onnxruntime-node';
import type { Probed } from './probe.ts';

/** The process that `probeModel` starts: it is told a model, says what became of it, and ends. */

const rows = 16;
/** What the policy reads of a pool, and the times that a chance is given for, as in layers/model/model.json. */
const shape = { features: 8, chances: 3 };

process.once('message', ({ bytes }: { bytes: Uint8Array }) => {
  void probe(bytes)
    .catch(
      (error): Probed => ({ ok: false, why: `the ONNX runtime refuses it: ${String(error.message).slice(0, 300)}` }),
    )
    .then((probed) => process.send!(probed, () => process.exit(0)));
});

/** Rows of features in, chances out: what a decision asks of a model. */
async function probe(bytes: Uint8Array): Promise<Probed> {
  const session = await Session.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 });
  const [input, ...others] = session.inputMetadata;
  const refuse = (why: string): Probed => ({ ok: false, why });
  if (!input || others.length > 0) return refuse(`it has ${session.inputNames.length} inputs; it must have one`);
  if (!input.isTensor || input.type !== 'float32') return refuse(`its input ${input.name} is no tensor of float32`);
  if (input.shape.length !== 2 || input.shape[1] !== shape.features)
    return refuse(`its input has the shape [${input.shape.join(', ')}]; it must be [rows, ${shape.features}]`);
  // From -3 to 3, where the logarithms and shares that features are lie.
  const values = Float32Array.from({ length: rows * shape.features }, (_, i) => ((i * 7919) % 600) / 100 - 3);
  const answers = Object.entries(
    await session.run({ [input.name]: new Tensor('float32', values, [rows, shape.features]) }),
  );
  const [first, ...more] = answers;
  if (!first || more.length > 0) return refuse(`it has ${answers.length} outputs; it must have one`);
  const [name, { dims, data }] = first;
  if (dims.length !== 2 || dims[0] !== rows || dims[1] !== shape.chances)
    return refuse(`its output ${name} has the shape [${dims.join(', ')}]; it must be [rows, ${shape.chances}]`);
  const chances = Array.from(data as ArrayLike<number | bigint>, Number);
  if (!chances.every((chance) => chance >= 0 && chance <= 1))
    return refuse(`its output ${name} is not a chance from 0 to 1 for some rows`);
  return { ok: true };
}
