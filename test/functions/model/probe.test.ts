import { expect, it } from 'vitest';
import { probeModel } from '../../../functions/model/probe.ts';

// There is no bundled child beside the source, so the process started here exits at once, as if a model had crashed it.
it('a process that exits while it reads the model is the model’s fault, not an error of ours', async () => {
  expect(await probeModel(new Uint8Array([1]))).toEqual({
    ok: false,
    why: expect.stringMatching(/^the ONNX runtime ended \(1\)$|^it could not be tried/),
  });
});

it('a process that gives no answer in time is ended', async () => {
  expect(await probeModel(new Uint8Array([1]), { timeoutMs: 1 })).toEqual({
    ok: false,
    why: 'it did not respond within 0.001 s',
  });
});
