import { expect, it } from 'vitest';
import { probeModel } from '../../../functions/model/probe.ts';

// Beside the source there is no bundled child: what is started here ends at once, as one does that a model has crashed.
it('a process that ends while it reads the model is the model’s fault, and not ours', async () => {
  expect(await probeModel(new Uint8Array([1]))).toEqual({
    ok: false,
    why: expect.stringMatching(/^the ONNX runtime ended \(1\)$|^it could not be tried/),
  });
});

it('one that gives no answer in time is ended', async () => {
  expect(await probeModel(new Uint8Array([1]), { timeoutMs: 1 })).toEqual({
    ok: false,
    why: 'it did not respond within 0.001 s',
  });
});
