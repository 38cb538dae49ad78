import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { onnxGraph } from '../../../layers/model/onnx-graph.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
let ours: Buffer;
beforeAll(async () => {
  rig = await Rig.start();
  ours = await readFile('layers/model/model.onnx');
});
afterAll(() => rig.stop());
beforeEach(async () => {
  await rig.db.deleteFrom('modelSessions').execute();
  await rig.db.deleteFrom('modelFiles').execute();
});

const at = '/api/admin/ml-models';
type File = readonly [name: string, bytes: Uint8Array<ArrayBuffer>];

/** Sends files the way a browser submits a form. */
async function sendForm(path: string, files: readonly File[], token = rig.controlPlane.adminToken, field = 'files') {
  const form = new FormData();
  for (const [name, bytes] of files) form.append(field, new Blob([bytes]), name);
  const sent = new Response(form);
  const raw = new Uint8Array(await sent.arrayBuffer());
  return rig.request('POST', path, { token, raw, headers: { 'content-type': sent.headers.get('content-type')! } });
}
const bytesOf = (data: Uint8Array | string) => new Uint8Array(Buffer.from(data));
const upload = (...files: readonly File[]) => sendForm(`${at}/upload`, files);
const uploadOurs = async () => (await upload(['risk.onnx', bytesOf(ours)])).body.sessionId as string;
const activate = (sessionId: string) => rig.asAdmin('POST', `${at}/activate`, { sessionId });
const fallBack = () => rig.asAdmin('POST', `${at}/fallback`);
const sessions = async () => (await rig.asAdmin('GET', `${at}/sessions`)).body as Record<string, unknown>[];
const statusOf = async (id: string) => (await sessions()).find((session) => session.id === id)?.status;
const auditOf = (targetId: string) =>
  rig.db.selectFrom('auditLogs').select('action').where('targetId', '=', targetId).orderBy('createdAt').execute();

describe('an upload of models (X8)', () => {
  it('is kept as a pending session, and changes nothing that is live', async () => {
    const { status, body } = await upload(['risk.onnx', bytesOf(ours)], ['old.pkl', bytesOf('pickled')]);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      success: true,
      files: ['risk.onnx', 'old.pkl'],
      requiresRestart: false,
      model_status: { filesUploaded: 2, totalSize: ours.length + 7, sessionType: 'pending' },
    });
    expect(await sessions()).toEqual([
      {
        id: body.sessionId,
        status: 'pending',
        isLive: false,
        isFallback: false,
        fileCount: 2,
        files: ['risk.onnx', 'old.pkl'],
        totalSize: ours.length + 7,
        createdAt: expect.any(String),
        activatedAt: null,
        isSupported: false,
      },
    ]);
    expect(await auditOf(body.sessionId)).toEqual([{ action: 'model_uploaded' }]);
  });

  it('that is cut off within a file is refused, and the function serves the next one', async () => {
    const half = '--b\r\nContent-Disposition: form-data; name="files"; filename="a.onnx"\r\n\r\nhalf';
    const sent = { token: rig.controlPlane.adminToken, raw: half };
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    const { status, body } = await rig.request('POST', `${at}/upload`, { ...sent, headers });
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' });
    expect(await sessions()).toEqual([]);
    expect((await upload(['risk.onnx', bytesOf('x')])).status).toBe(200);
  });

  it('of files with the same name, or with a path as name, keeps each separately', async () => {
    const first = await uploadOurs();
    await activate(first);
    const { body } = await upload(['risk.onnx', bytesOf('nonsense')], ['../../risk.onnx', bytesOf('nonsense')]);
    expect(body.files).toEqual(['risk.onnx', 'risk.onnx']);
    await activate(await uploadOurs());
    expect((await fallBack()).body.fallbackSessionId).toBe(first); // its file was not overwritten
  });

  it.each([
    ['no file', [], 'must have at least one file'],
    ['an ending of its own', [['setup.exe', bytesOf('MZ')]], 'has setup.exe; it must end in one of .pkl'],
    ['an empty file', [['risk.onnx', bytesOf('')]], 'has risk.onnx, which is empty'],
    [
      'too many files',
      Array.from({ length: 21 }, (_, i) => [`${i}.onnx`, bytesOf('x')]),
      'has 21 files; it may have at most 20',
    ],
  ] as [string, File[], string][])('with %s is refused, and nothing is kept', async (_, files, message) => {
    const { status, body } = await upload(...files);
    expect({ status, details: body.details }).toEqual({
      status: 400,
      details: { files: [expect.stringContaining(message)] },
    });
    expect(await sessions()).toEqual([]);
  });

  it('that is not a form, has no end or uses another field is refused', async () => {
    const token = rig.controlPlane.adminToken;
    for (const contentType of ['multipart/form-data', 'multipart/form-data; boundary=x'])
      expect(
        await rig.request('POST', `${at}/upload`, {
          token,
          raw: '--x\r\nhalf',
          headers: { 'content-type': contentType },
        }),
      ).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect((await sendForm(`${at}/upload`, [['a.onnx', bytesOf('x')]], token, 'file')).status).toBe(400);
  });

  it('above the gateway’s size limit is a 413', async () => {
    expect(await upload(['large.onnx', new Uint8Array(4_600_000)])).toMatchObject({ status: 413 });
  });

  it('of large files returns URLs to PUT them to, which accept exactly what was announced', async () => {
    const announced = { files: [{ name: 'risk.onnx', size: ours.length }] };
    const { status, body } = await rig.asAdmin('POST', `${at}/upload`, announced);
    expect(status).toBe(200);
    const [{ url }] = body.uploads;
    expect(await activate(body.sessionId)).toMatchObject({
      status: 422,
      body: { error: expect.stringContaining('risk.onnx has not been uploaded') },
    });
    const put = (to: string, data: Uint8Array) =>
      fetch(to, { method: 'PUT', body: bytesOf(data) }).then(({ status }) => status);
    expect(await put(url, ours.subarray(1))).toBe(403); // not the signed length
    expect(await put(url.replace('/0?', '/1?'), ours)).toBe(403); // not the signed key
    expect(await put(url.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=90000'), ours)).toBe(403);
    expect(await put(url, ours)).toBe(200);
    expect(await activate(body.sessionId)).toMatchObject({ status: 200 });
    // The URL still accepts other bytes, but the live model stays the one that was tested.
    expect(await put(url, Buffer.alloc(ours.length, 1))).toBe(200);
    const kept = await readFile(join(rig.dataDir, 's3/activated', body.sessionId));
    expect(kept.equals(ours)).toBe(true);
    const { sha256 } = await rig.db.selectFrom('modelSessions').select('sha256').executeTakeFirstOrThrow();
    expect(sha256).toBe(createHash('sha256').update(ours).digest('hex'));
  });

  it('announced as larger than the limit is refused', async () => {
    const size = 60 * 1024 * 1024;
    const files = [1, 2].map((n) => ({ name: `${n}.onnx`, size }));
    expect(await rig.asAdmin('POST', `${at}/upload`, { files })).toMatchObject({ status: 413 });
  });
});

describe('an activation (D12)', () => {
  it('makes a model live that passes its test, and the previous one the fallback', async () => {
    const first = await uploadOurs();
    expect(await activate(first)).toMatchObject({
      status: 200,
      body: { success: true, sessionId: first, restarting: false, model_status: { loaded: true, type: 'onnx' } },
    });
    const next = await uploadOurs();
    await activate(next);
    expect([await statusOf(first), await statusOf(next)]).toEqual(['fallback', 'live']);
    const last = await uploadOurs();
    await activate(last);
    expect([await statusOf(first), await statusOf(next), await statusOf(last)]).toEqual([
      undefined,
      'fallback',
      'live',
    ]);
    expect((await auditOf(last)).map(({ action }) => action).toSorted()).toEqual(['model_activated', 'model_uploaded']);
  });

  it('keeps a session whose files S3 fails to delete, and deletes it with the next upload', async () => {
    const first = await uploadOurs();
    const file = join(rig.dataDir, 's3/sessions', first, '0');
    await rm(file);
    await mkdir(file); // S3's stand-in deletes no directory
    rig.pass(1);
    expect((await upload(['risk.onnx', bytesOf('x')])).status).toBe(200);
    expect(await statusOf(first)).toBe('pending');
    await rmdir(file);
    await uploadOurs();
    expect(await statusOf(first)).toBeUndefined();
    expect(await rig.db.selectFrom('modelFiles').where('sessionId', '=', first).selectAll().execute()).toEqual([]);
  });

  it('takes at most 14 Data API calls, and a fallback at most 10', async () => {
    await activate(await uploadOurs());
    await activate(await uploadOurs());
    const { calls } = await activate(await uploadOurs());
    expect(calls).toBeLessThanOrEqual(14);
    expect((await fallBack()).calls).toBeLessThanOrEqual(10);
  });

  it('that is repeated changes nothing', async () => {
    const id = await uploadOurs();
    await activate(id);
    expect((await activate(id)).status).toBe(200);
    expect(await sessions()).toMatchObject([{ id, status: 'live' }]);
    expect(await auditOf(id)).toHaveLength(2);
  });

  it('of several at once leaves one live and at most one fallback (defect 24)', async () => {
    const ids = [await uploadOurs()];
    await activate(ids[0]!);
    ids.push(await uploadOurs());
    const answers = await Promise.all([activate(ids[1]!), activate(ids[0]!), activate(ids[1]!), fallBack()]);
    for (const { status } of answers) expect([200, 404]).toContain(status);
    const states = (await sessions()).map(({ status }) => status);
    expect(states.filter((status) => status === 'live')).toHaveLength(1);
    expect(states.filter((status) => status === 'fallback').length).toBeLessThanOrEqual(1);
  });

  const logistic = (weight: number, features = 8) => ({ weights: Array(features).fill(weight), intercept: 0 });
  const three = (one: ReturnType<typeof logistic>) => [one, one, one];
  it.each([
    ['is no ONNX', () => bytesOf('not a model'), 'the ONNX runtime refuses it'],
    ['is cut off', () => bytesOf(ours.subarray(0, 200)), 'the ONNX runtime refuses it'],
    [
      'gives NaN',
      () => bytesOf(onnxGraph('nan', three(logistic(Number.NaN)))),
      'is not a chance from 0 to 1 for some rows',
    ],
    ['reads other features', () => bytesOf(onnxGraph('nine', three(logistic(1, 9)))), 'it must be [rows, 8]'],
    ['gives a chance for one time', () => bytesOf(onnxGraph('one', [logistic(1)])), 'it must be [rows, 3]'],
  ])('of a model that %s is refused, and the live one stays', async (_, bytes, why) => {
    const live = await uploadOurs();
    await activate(live);
    const { sessionId } = (await upload(['risk.onnx', bytes()])).body;
    const { status, body } = await activate(sessionId);
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'model_unusable' });
    expect(body.error).toContain(why);
    expect([await statusOf(live), await statusOf(sessionId)]).toEqual(['live', 'pending']);
  });

  it.each([
    [['model.pkl'], 'model.pkl has a format that is stored but never run'],
    [['a.onnx', 'b.onnx'], 'it has 2 models; it must have exactly one'],
  ])('of %j is refused', async (names, why) => {
    const { sessionId } = (await upload(...names.map((name): File => [name, bytesOf(ours)]))).body;
    expect(await activate(sessionId)).toMatchObject({ status: 422, body: { error: expect.stringContaining(why) } });
  });

  it('of an unknown session is a 404; without an id it is a 400', async () => {
    expect(await activate(randomUUID())).toMatchObject({ status: 404, body: { code: 'model_session_not_found' } });
    expect((await rig.asAdmin('POST', `${at}/activate`, {})).status).toBe(400);
  });
});

describe('the fallback (D13)', () => {
  it('makes the previous live session live again, and is then used up', async () => {
    const first = await uploadOurs();
    await activate(first);
    const next = await uploadOurs();
    await activate(next);
    expect(await fallBack()).toMatchObject({ status: 200, body: { fallbackSessionId: first, restarting: false } });
    expect(await sessions()).toMatchObject([{ id: first, status: 'live' }]);
    rig.pass(1);
    expect(await fallBack()).toMatchObject({ status: 404, body: { code: 'no_fallback' } });
  });

  it('succeeds even if the response to its commit is lost', async () => {
    const first = await uploadOurs();
    await activate(first);
    await activate(await uploadOurs());
    rig.pass(1);
    rig.faults.inject({ error: 'InternalServerErrorException', when: 'after', operation: 'CommitTransaction' });
    expect(await fallBack()).toMatchObject({ status: 200, body: { fallbackSessionId: first } });
  });
});

describe('files of an engine (X9)', () => {
  it('leave a pending model alone', async () => {
    const model = await uploadOurs();
    rig.pass(1);
    await sendForm('/api/admin/decision-engine/upload', [['engine.py', bytesOf('pass')]]);
    expect(await statusOf(model)).toBe('pending');
  });

  it('are kept, and never run (defect 3)', async () => {
    const { status, body } = await sendForm('/api/admin/decision-engine/upload', [['engine.py', bytesOf('import os')]]);
    expect(status).toBe(200);
    expect(body).toMatchObject({ success: true, files: ['engine.py'], restarting: false });
    expect(await activate(body.sessionId)).toMatchObject({
      status: 422,
      body: { error: expect.stringContaining('files of an engine, which are never run') },
    });
  });
});

describe('what is kept of all sessions', () => {
  it('is the live one, the fallback and the newest pending one; the files of all others are deleted too', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 2; n += 1) {
      ids.push(await uploadOurs());
      await activate(ids.at(-1)!);
    }
    for (let n = 0; n < 3; n += 1) {
      rig.pass(1);
      ids.push(await uploadOurs());
    }
    expect((await sessions()).map(({ id }) => id).toSorted()).toEqual([ids[0], ids[1], ids[4]].toSorted());
    const files = await rig.db.selectFrom('modelFiles').select('sessionId').execute();
    expect(files).toHaveLength(3);
  });
});

describe('the model status', () => {
  it('shows which model is live (D11, D6)', async () => {
    const before = (await rig.asAdmin('GET', '/api/admin/system-health')).body;
    expect(before.modelStatus).toMatchObject({ loaded: false, activeModels: [] });
    const id = await uploadOurs();
    await activate(id);
    expect((await rig.asAdmin('GET', '/api/admin/system-health')).body.modelStatus).toMatchObject({
      loaded: false, // nothing has used it yet
      filesUploaded: 1,
      files: ['risk.onnx'],
      activeModels: [{ name: 'risk.onnx', version: id, active: true }],
    });
    expect((await rig.request('GET', '/health')).body.components).toMatchObject({
      endpoints_total: 63,
      endpoints_active: 63,
    });
  });
});
