import { within } from '../core/decision/model/deadline.ts';
import { ModelProcess } from '../core/decision/model/model-process.ts';
import { shape } from '../core/decision/model/session.ts';

/** The result of probing a model. */
export type Probed = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** A model that needs longer than this for 16 rows would delay every decision. */
const probeMs = 5_000;

const rows = 16;

/**
 * Loads a model and runs it on sample rows, in the same kind of process that decisions use: features in, chances out.
 * @param bytes the uploaded ONNX file
 */
export async function probeModel(bytes: Uint8Array, { timeoutMs = probeMs } = {}): Promise<Probed> {
  const deadline = within(timeoutMs);
  const model = new ModelProcess();
  // Values from -3 to 3, the range of the features, which are logarithms and shares.
  const values = Float32Array.from({ length: rows * shape.features }, (_, i) => ((i * 7919) % 600) / 100 - 3);
  try {
    await model.load(bytes, deadline);
    await model.infer(values, rows, deadline);
    return { ok: true };
  } catch (error) {
    return { ok: false, why: (error as Error).message };
  } finally {
    model.end();
  }
}
