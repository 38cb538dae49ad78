import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { readBody, reply, serveOnLoopback } from './loopback-server.ts';

export interface Kms {
  /** For the SDK's `endpoint`. */
  url: string;
  close(): Promise<void>;
}

/** What the SDK sends; blobs are base64. */
interface KmsRequest {
  KeyId?: string;
  Plaintext?: string;
  CiphertextBlob?: string;
  EncryptionContext?: Record<string, string>;
}

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const largestPlaintext = 4096;

/** An error response. */
class KmsError extends Error {
  readonly code: string;
  constructor(code: string, message?: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Serves Encrypt and Decrypt of KMS on loopback for the unmodified SDK, with one key of this machine for every KeyId.
 * @param keyFile 32 random bytes, created if missing, readable only by its owner. Without it nothing can be decrypted
 */
export async function startKms({ keyFile }: { keyFile: string }): Promise<Kms> {
  const key = await readKey(keyFile);
  const operations: Operations = {
    'TrentService.Encrypt': (request) => encrypt(key, request),
    'TrentService.Decrypt': (request) => decrypt(key, request),
  };
  return serveOnLoopback((request, response) => respond(request, response, operations));
}

type Operations = Readonly<Record<string, (request: KmsRequest) => object>>;

async function respond(request: IncomingMessage, response: ServerResponse, operations: Operations): Promise<void> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() };
  try {
    const operation = operations[String(request.headers['x-amz-target'])];
    if (!operation) throw new KmsError('UnknownOperationException');
    const answer = operation(parse(String(await readBody(request))));
    reply(response, 200, headers, JSON.stringify(answer));
  } catch (error) {
    const { code, message } = error instanceof KmsError ? error : new KmsError('KMSInternalException');
    const status = code === 'KMSInternalException' ? 500 : 400;
    reply(response, status, headers, JSON.stringify({ __type: code, message }));
  }
}

async function readKey(keyFile: string): Promise<Buffer> {
  await mkdir(dirname(keyFile), { recursive: true });
  // 'wx': if two processes start at once, the second one reads the key of the first.
  await writeFile(keyFile, randomBytes(keyBytes), { mode: 0o600, flag: 'wx' }).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const key = await readFile(keyFile);
  if (key.length !== keyBytes) throw new Error(`${keyFile} holds ${key.length} bytes; a key has ${keyBytes}`);
  return key;
}

/** The blob is nonce, tag, ciphertext. */
function encrypt(key: Buffer, { KeyId, Plaintext, EncryptionContext }: KmsRequest) {
  if (!KeyId) throw new KmsError('ValidationException', 'KeyId is missing');
  const plaintext = Buffer.from(Plaintext ?? '', 'base64');
  if (plaintext.length < 1 || plaintext.length > largestPlaintext)
    throw new KmsError(
      'ValidationException',
      `Plaintext has ${plaintext.length} bytes; allowed are 1 to ${largestPlaintext}`,
    );
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additionalData(EncryptionContext));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const blob = Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
  return { CiphertextBlob: blob.toString('base64'), KeyId, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
}

function decrypt(key: Buffer, { KeyId, CiphertextBlob, EncryptionContext }: KmsRequest) {
  const blob = Buffer.from(CiphertextBlob ?? '', 'base64');
  const ciphertext = blob.subarray(nonceBytes + tagBytes);
  if (ciphertext.length === 0) throw new KmsError('InvalidCiphertextException');
  const decipher = createDecipheriv('aes-256-gcm', key, blob.subarray(0, nonceBytes))
    .setAAD(additionalData(EncryptionContext))
    .setAuthTag(blob.subarray(nonceBytes, nonceBytes + tagBytes));
  const start = decipher.update(ciphertext);
  try {
    const plaintext = Buffer.concat([start, decipher.final()]);
    return {
      Plaintext: plaintext.toString('base64'),
      KeyId: KeyId ?? 'local',
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    };
  } catch {
    // As in KMS, a wrong key, a wrong context and a changed ciphertext give the same error.
    throw new KmsError('InvalidCiphertextException');
  }
}

/** The context, sorted: two objects with the same pairs are the same context. */
function additionalData(context: Record<string, string> = {}): Buffer {
  return Buffer.from(JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))));
}

function parse(body: string): KmsRequest {
  try {
    return JSON.parse(body);
  } catch {
    throw new KmsError('SerializationException', 'The request body is not JSON');
  }
}
