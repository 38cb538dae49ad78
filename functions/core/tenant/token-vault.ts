import { randomInt } from 'node:crypto';
import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { tokenEnv } from '../../shared/env.ts';
import { AppError } from '../../shared/errors.ts';

const kms = new KMSClient({});
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** `token-` and 32 characters, each one chance in 62: 190 bits from the system's generator. */
export const newToken = () =>
  `token-${Array.from({ length: 32 }, () => alphabet[randomInt(alphabet.length)]).join('')}`;

/**
 * Encrypts a token under the KMS key, so that an admin may be shown it again (contract 1.2). It is bound to its tenant:
 * the text of one tenant's row does not decrypt in another's.
 */
export async function seal(clientId: string, token: string): Promise<string> {
  const { CiphertextBlob } = await reachKms(() =>
    kms.send(
      new EncryptCommand({
        KeyId: tokenEnv().TOKEN_KEY_ID,
        Plaintext: Buffer.from(token, 'utf8'),
        EncryptionContext: { clientId },
      }),
    ),
  );
  return Buffer.from(CiphertextBlob!).toString('base64');
}

/** The token that `seal` was given. */
export async function unseal(clientId: string, ciphertext: string): Promise<string> {
  const { Plaintext } = await reachKms(() =>
    kms.send(
      new DecryptCommand({
        KeyId: tokenEnv().TOKEN_KEY_ID,
        CiphertextBlob: Buffer.from(ciphertext, 'base64'),
        EncryptionContext: { clientId },
      }),
    ),
  );
  return Buffer.from(Plaintext!).toString('utf8');
}

/** A KMS that does not answer is a matter of trying again, and nothing was changed. */
async function reachKms<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new AppError(
      'unavailable',
      'The key service is not available; nothing was changed, try again',
      {},
      { cause: error },
    );
  }
}
