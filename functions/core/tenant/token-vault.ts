import { randomInt } from 'node:crypto';
import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { tokenEnv } from '../../shared/env.ts';
import { AppError } from '../../shared/errors.ts';

const kms = new KMSClient({});
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A word that tells whose token it is, and 32 of 62 characters: 190 random bits from the system's generator. */
export const newToken = (kind: 'token' | 'operator') =>
  `${kind}-${Array.from({ length: 32 }, () => alphabet[randomInt(alphabet.length)]).join('')}`;

/** The key, and the tenant that a text is bound to: the text of one tenant's row does not decrypt in another's. */
const keyOf = (clientId: string) => ({ KeyId: tokenEnv().TOKEN_KEY_ID, EncryptionContext: { clientId } });

/**
 * Encrypts a token under the KMS key, so that an admin may be shown it again (protocol 1.2).
 * @throws AppError unavailable when KMS does not answer
 */
export async function seal(clientId: string, token: string): Promise<string> {
  const encrypt = new EncryptCommand({ ...keyOf(clientId), Plaintext: Buffer.from(token, 'utf8') });
  const { CiphertextBlob } = await kms.send(encrypt).catch(unavailable);
  return Buffer.from(CiphertextBlob!).toString('base64');
}

/**
 * The token that `seal` was given.
 * @throws AppError unavailable when KMS does not answer
 */
export async function unseal(clientId: string, ciphertext: string): Promise<string> {
  const decrypt = new DecryptCommand({ ...keyOf(clientId), CiphertextBlob: Buffer.from(ciphertext, 'base64') });
  const { Plaintext } = await kms.send(decrypt).catch(unavailable);
  return Buffer.from(Plaintext!).toString('utf8');
}

function unavailable(cause: unknown): never {
  throw new AppError('unavailable', 'The key service is not available; nothing was changed, try again', {}, { cause });
}
