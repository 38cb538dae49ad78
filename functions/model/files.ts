import { DeleteObjectsCommand, GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { activatedKey } from '../core/model/live-model.ts';
import { modelEnv } from '../shared/env.ts';
import { AppError } from '../shared/errors.ts';

// Otherwise a signed URL would require a checksum of a body that we do not have.
const s3 = new S3Client({ requestChecksumCalculation: 'WHEN_REQUIRED' });

/** How many seconds a signed URL is valid: an upload has to begin within this time. */
export const urlSeconds = 900;

/** Files are stored by position, not by name, so that no file name of an operator's becomes a path. */
const keyOf = (sessionId: string, position: number) => `sessions/${sessionId}/${position}`;
const bucket = () => modelEnv().MODEL_BUCKET;

/** @throws AppError unavailable */
export const putFile = (sessionId: string, position: number, bytes: Uint8Array) =>
  put(keyOf(sessionId, position), bytes);

/** Stores a separate copy of a model that is about to go live. @throws AppError unavailable */
export const putActivated = (sessionId: string, bytes: Uint8Array) => put(activatedKey(sessionId), bytes);

async function put(Key: string, bytes: Uint8Array): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: bucket(), Key, Body: bytes })).catch(unavailable);
}

/** A URL that accepts a PUT of exactly this many bytes for 15 minutes, without any of our credentials. */
export function uploadUrl(sessionId: string, position: number, bytes: number): Promise<string> {
  const put = new PutObjectCommand({ Bucket: bucket(), Key: keyOf(sessionId, position), ContentLength: bytes });
  return getSignedUrl(s3, put, { expiresIn: urlSeconds, signableHeaders: new Set(['content-length']) });
}

/**
 * @returns `undefined` if it was never uploaded
 * @throws AppError unavailable
 */
export async function getFile(sessionId: string, position: number): Promise<Uint8Array | undefined> {
  const get = new GetObjectCommand({ Bucket: bucket(), Key: keyOf(sessionId, position) });
  try {
    return await (await s3.send(get)).Body!.transformToByteArray();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    return unavailable(error);
  }
}

/** Deletes the files of sessions; a missing file is not an error. @throws AppError unavailable if any of them remains */
export async function deleteFiles(sessions: readonly { readonly id: string; readonly files: number }[]): Promise<void> {
  const keys = sessions.flatMap(({ id, files }) => [
    activatedKey(id),
    ...Array.from({ length: files }, (_, position) => keyOf(id, position)),
  ]);
  for (let from = 0; from < keys.length; from += 1000) {
    const Objects = keys.slice(from, from + 1000).map((Key) => ({ Key }));
    const { Errors = [] } = await s3
      .send(new DeleteObjectsCommand({ Bucket: bucket(), Delete: { Objects, Quiet: true } }))
      .catch(unavailable);
    if (Errors.length > 0) unavailable(Errors);
  }
}

function unavailable(cause: unknown): never {
  throw new AppError('unavailable', 'The file store is not available; nothing was changed, try again', {}, { cause });
}
