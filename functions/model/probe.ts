import { within } from '../core/decision/model/deadline.ts';
import { ModelProcess } from '../core/decision/model/model-process.ts';
import { shape } from '../core/decision/model/session.ts';

/** What became of a model that was tried. */
export type Probed = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** A model that needs longer for sixteen rows would hold every decision up. */
const probeMs = 5_000;

const rows = 16;

/**
 * Loads a model and runs it on some rows, in a process like that in which it would decide: rows of features in, chances out.
 * @param bytes what was uploaded as ONNX
 */
export async function probeModel(bytes: Uint8Array, { timeoutMs = probeMs } = {}): Promise<Probed> {
  const deadline = within(timeoutMs);
  const model = new ModelProcess();
  // From -3 to 3, where the logarithms and shares that features are lie.
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
