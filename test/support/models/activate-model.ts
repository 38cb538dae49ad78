import type { Rig } from '../rig/rig.ts';

const at = '/api/admin/ml-models';

/** Uploads a model by a signed URL, and activates its session. @returns the session, and the response of D12 */
export async function activateModel(rig: Rig, bytes: Uint8Array) {
  const announced = { files: [{ name: 'risk.onnx', size: bytes.length }] };
  const { body } = await rig.asAdmin('POST', `${at}/upload`, announced);
  await fetch(body.uploads[0].url, { method: 'PUT', body: new Uint8Array(bytes) });
  const id: string = body.sessionId;
  return { id, answer: await rig.asAdmin('POST', `${at}/activate`, { sessionId: id }) };
}
