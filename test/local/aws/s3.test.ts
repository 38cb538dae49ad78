import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type S3, startS3 } from '../../../local/aws/s3/server.ts';

const Bucket = 'models';
const now = new Date('2026-03-02T00:00:00Z');

let s3: S3;
let client: S3Client;
let directory: string;
let time = now;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spot-s3-'));
  s3 = await startS3({ directory, bucket: Bucket, secretAccessKey: 'local', now: () => time });
  client = newClient();
});
afterAll(async () => {
  client.destroy();
  await s3.close();
  await rm(directory, { recursive: true });
});

/** Configured as in functions/model. */
const newClient = (config = {}) =>
  new S3Client({
    endpoint: s3.url,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    ...config,
  });

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31) % 256);
const put = (Key: string, Body: Uint8Array, by = client) => by.send(new PutObjectCommand({ Bucket, Key, Body }));
const get = async (Key: string) =>
  (await client.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToByteArray();

describe('local S3, by the SDK', () => {
  it.each([0, 1, 100_000, 5_000_000])('keeps an object of %i bytes', async (length) => {
    await put('sessions/a/0', bytesOf(length));
    expect(Buffer.from(await get('sessions/a/0')).equals(bytesOf(length))).toBe(true);
  });

  it('keeps the last object put to a key, and the objects of other keys', async () => {
    await put('sessions/b/0', bytesOf(10));
    await put('sessions/b/1', bytesOf(20));
    await put('sessions/b/0', bytesOf(30));
    expect([(await get('sessions/b/0')).length, (await get('sessions/b/1')).length]).toEqual([30, 20]);
  });

  it('reports that a key or a bucket does not exist, with the errors of AWS', async () => {
    await expect(get('sessions/none/0')).rejects.toMatchObject({
      name: 'NoSuchKey',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(client.send(new GetObjectCommand({ Bucket: 'other', Key: 'a' }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('deletes several objects, including ones that do not exist', async () => {
    await put('sessions/c/0', bytesOf(1));
    await put('sessions/c/1', bytesOf(1));
    const Objects = ['sessions/c/0', 'sessions/c/9', 'activated/c'].map((Key) => ({ Key }));
    const { Errors } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    expect(Errors ?? []).toEqual([]);
    await expect(get('sessions/c/0')).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(await get('sessions/c/1')).toHaveLength(1);
  });

  it('refuses requests without credentials, and keys that would lead out of its directory', async () => {
    expect((await fetch(`${s3.url}/${Bucket}/sessions/a/0`)).status).toBe(403);
    for (const Key of ['../secret', 'sessions/../../secret', 'a.b', 'a//b', 'a b'])
      await expect(put(Key, bytesOf(1)), Key).rejects.toMatchObject({ $fault: 'client' });
  });

  it('refuses operations that no function uses', async () => {
    await put('sessions/d/0', bytesOf(1));
    const head = client.send(new HeadObjectCommand({ Bucket, Key: 'sessions/d/0' }));
    await expect(head).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } });
    // Nor does it list objects: an empty key is invalid.
    const list = fetch(`${s3.url}/${Bucket}?list-type=2`, { headers: { authorization: 'AWS4-HMAC-SHA256 x' } });
    expect((await list).status).toBe(400);
  });
});

describe('a signed URL', () => {
  const sign = (Key: string, bytes: number, expiresIn = 900) =>
    getSignedUrl(client, new PutObjectCommand({ Bucket, Key, ContentLength: bytes }), {
      expiresIn,
      signingDate: now,
      signableHeaders: new Set(['content-length']),
    });
  const send = (url: string, bytes: number, method = 'PUT') =>
    fetch(url, { method, body: method === 'GET' ? undefined : bytesOf(bytes) });

  it('accepts exactly the signed number of bytes, without credentials', async () => {
    const url = await sign('sessions/e/0', 1000);
    expect((await send(url, 1000)).status).toBe(200);
    expect(await get('sessions/e/0')).toHaveLength(1000);
    for (const bytes of [0, 999, 1001]) expect((await send(url, bytes)).status, `${bytes}`).toBe(403);
    expect(await get('sessions/e/0')).toHaveLength(1000);
  });

  it('is valid for one key, method and time, and only if signed with the functions’ own secret', async () => {
    const url = await sign('sessions/f/0', 3);
    const refused: Record<string, Promise<Response>> = {
      key: send(url.replace('/f/0', '/f/1'), 3),
      method: send(url, 3, 'GET'),
      expiry: send(url.replace('X-Amz-Expires=900', 'X-Amz-Expires=9000'), 3),
      signature: send(url.replace(/X-Amz-Signature=./, 'X-Amz-Signature=x'), 3),
      none: send(url.replace(/X-Amz-Signature=\w+/, 'X-Amz-Signature='), 3),
    };
    for (const [what, response] of Object.entries(refused)) expect((await response).status, what).toBe(403);
    const stranger = newClient({ credentials: { accessKeyId: 'local', secretAccessKey: 'other' } });
    const theirs = await getSignedUrl(stranger, new PutObjectCommand({ Bucket, Key: 'sessions/f/0' }), {
      signingDate: now,
    });
    expect((await send(theirs, 3)).status).toBe(403);
    expect((await send(url, 3)).status).toBe(200);
    time = new Date(now.getTime() + 900_001);
    const late = await send(url, 3);
    time = now;
    expect({ status: late.status, body: await late.text() }).toEqual({
      status: 403,
      body: expect.stringContaining('expired'),
    });
  });
});
