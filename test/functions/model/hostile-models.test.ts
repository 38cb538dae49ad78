import { afterAll, beforeAll, expect, it } from 'vitest';
import { endless, greedy, prying } from '../../support/models/hostile.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const at = '/api/admin/ml-models';

async function activate(model: Uint8Array) {
  const announced = { files: [{ name: 'risk.onnx', size: model.length }] };
  const { body } = await rig.asAdmin('POST', `${at}/upload`, announced);
  await fetch(body.uploads[0].url, { method: 'PUT', body: new Uint8Array(model) });
  return rig.asAdmin('POST', `${at}/activate`, { sessionId: body.sessionId });
}

it.each([
  ['never ends', endless(), 'it did not respond within 5 s'],
  ['takes 3 GB', greedy(268_435_456n), 'it needs more than 256 MB of memory'],
  ['asks for 4 TB', greedy(1_000_000_000_000n), ''],
  ['reads a file beside it', prying('package.json'), 'the ONNX runtime refuses it'],
  ['reads a file of the machine', prying('/etc/hostname'), 'the ONNX runtime refuses it'],
  ['reads a file above it', prying('../../../../etc/passwd'), 'the ONNX runtime refuses it'],
])('a model that %s is refused, and the function keeps running', { timeout: 30_000 }, async (_, model, why) => {
  const { status, body } = await activate(model);
  expect({ status, code: body.code }).toEqual({ status: 422, code: 'model_unusable' });
  expect(body.error).toContain(why);
  const { body: sessions } = await rig.asAdmin('GET', `${at}/sessions`);
  expect(sessions.map((session: { status: string }) => session.status)).not.toContain('live');
});
