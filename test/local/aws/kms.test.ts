import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kms, startKms } from '../../../local/aws/kms.ts';

const KeyId = 'alias/spot-optimizer';
const Plaintext = Buffer.from('a client’s token');
const EncryptionContext = { clientId: 'c-1', purpose: 'token' };

let folder: string;
let kms: Kms;
let client: KMSClient;

const clientOf = ({ url }: Kms) =>
  new KMSClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });

const encrypt = async (input = {}) => {
  const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext, ...input }));
  return CiphertextBlob!;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spot-kms-'));
  kms = await startKms({ keyFile: join(folder, 'keys/kms.key') });
  client = clientOf(kms);
});

afterAll(async () => {
  client.destroy();
  await kms.close();
  await rm(folder, { recursive: true });
});

describe('local KMS', () => {
  it('decrypts what it encrypted', async () => {
    const encrypted = await client.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext }));
    expect(encrypted).toMatchObject({ KeyId, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' });
    expect(Buffer.from(encrypted.CiphertextBlob!).includes(Plaintext)).toBe(false);

    const { CiphertextBlob } = encrypted;
    const decrypted = await client.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext }));
    expect(Buffer.from(decrypted.Plaintext!)).toEqual(Plaintext);
  });

  it('never encrypts the same way twice', async () => {
    expect(await encrypt()).not.toEqual(await encrypt());
  });

  it('accepts the same context in another order', async () => {
    const CiphertextBlob = await encrypt();
    const reordered = { purpose: 'token', clientId: 'c-1' };
    const { Plaintext: back } = await client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: reordered }));
    expect(Buffer.from(back!)).toEqual(Plaintext);
  });

  it.each([
    ['another context', { clientId: 'c-2', purpose: 'token' }],
    ['a part of the context', { clientId: 'c-1' }],
    ['no context', undefined],
  ])('refuses %s', async (_what, context) => {
    const CiphertextBlob = await encrypt();
    await expect(client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: context }))).rejects.toMatchObject(
      {
        name: 'InvalidCiphertextException',
        $metadata: { httpStatusCode: 400 },
      },
    );
  });

  it.each([0, 15, -1])('refuses a ciphertext with byte %i changed', async (position) => {
    const CiphertextBlob = await encrypt();
    CiphertextBlob[CiphertextBlob.length > position && position >= 0 ? position : CiphertextBlob.length - 1]! ^= 1;
    await expect(client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }))).rejects.toMatchObject({
      name: 'InvalidCiphertextException',
    });
  });

  it('refuses a ciphertext that is too short to be one', async () => {
    await expect(client.send(new DecryptCommand({ CiphertextBlob: Buffer.from('short') }))).rejects.toMatchObject({
      name: 'InvalidCiphertextException',
    });
  });

  it('refuses to encrypt more than 4 KB', async () => {
    await expect(encrypt({ Plaintext: Buffer.alloc(4097) })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('keeps its key in a file that only its owner can read, and uses it again after a restart', async () => {
    const keyFile = join(folder, 'keys/kms.key');
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect((await stat(keyFile)).size).toBe(32);

    const CiphertextBlob = await encrypt();
    const again = await startKms({ keyFile });
    const other = clientOf(again);
    const { Plaintext: back } = await other.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    expect(Buffer.from(back!)).toEqual(Plaintext);
    other.destroy();
    await again.close();
  });
});
