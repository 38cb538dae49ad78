import { randomInt } from 'node:crypto';
import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { tokenEnv } from '../../shared/env.ts';
import { AppError } from '../../shared/errors.ts';

const kms = new KMSClient({});
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A prefix that tells whose token it is, then 32 characters out of 62: 190 random bits from the system's generator. */
export const newToken = (kind: 'token' | 'operator' | 'webhook') =>
  `${kind}-${Array.from({ length: 32 }, () => alphabet[randomInt(alphabet.length)]).join('')}`;

/** Whose text it is, and its purpose: it decrypts for no other tenant, and only in functions that have that purpose. */
export interface SealedFor {
  readonly clientId: string;
  /** Absent for a token. */
  readonly purpose?: 'webhook';
}

const keyOf = ({ clientId, purpose }: SealedFor) => ({
  KeyId: tokenEnv().TOKEN_KEY_ID,
  EncryptionContext: { clientId, ...(purpose && { purpose }) },
});

/**
 * Encrypts a text under the KMS key: a token that an admin may be shown again (protocol 1.2), or what a webhook needs.
 * @param text at most 4,096 bytes
 * @throws AppError unavailable when KMS does not respond
 */
export async function seal(of: SealedFor, text: string): Promise<string> {
  const encrypt = new EncryptCommand({ ...keyOf(of), Plaintext: Buffer.from(text, 'utf8') });
  const { CiphertextBlob } = await kms.send(encrypt).catch(unavailable);
  return Buffer.from(CiphertextBlob!).toString('base64');
}

/**
 * The text that was given to `seal`.
 * @throws AppError unavailable when KMS does not respond
 */
export async function unseal(of: SealedFor, ciphertext: string): Promise<string> {
  const decrypt = new DecryptCommand({ ...keyOf(of), CiphertextBlob: Buffer.from(ciphertext, 'base64') });
  const { Plaintext } = await kms.send(decrypt).catch(unavailable);
  return Buffer.from(Plaintext!).toString('utf8');
}

function unavailable(cause: unknown): never {
  throw new AppError('unavailable', 'The key service is not available; nothing was changed, try again', {}, { cause });
}
