import { loadRuntime } from '../core/decision/model/runtime.ts';
import { openSession, shape } from '../core/decision/model/session.ts';
import type { Probed } from './probe.ts';

/** The process that `probeModel` starts: it is told a model, says what became of it, and ends. */

const rows = 16;

process.once('message', ({ bytes }: { bytes: Uint8Array }) => {
  void probe(bytes)
    .then((): Probed => ({ ok: true }))
    .catch((error): Probed => ({ ok: false, why: String(error.message) }))
    .then((probed) => process.send!(probed, () => process.exit(0)));
});

/** Rows of features in, chances out: what a decision asks of a model. */
async function probe(bytes: Uint8Array): Promise<void> {
  const infer = await openSession(loadRuntime(), bytes);
  // From -3 to 3, where the logarithms and shares that features are lie.
  const values = Float32Array.from({ length: rows * shape.features }, (_, i) => ((i * 7919) % 600) / 100 - 3);
  await infer(values, rows);
}
