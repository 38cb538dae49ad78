import { createHmac } from 'node:crypto';

/** Headers by which a receiver knows that a message is ours, is recent, and is not one that it has had. */
export const headerNames = {
  id: 'x-spot-optimizer-message-id',
  timestamp: 'x-spot-optimizer-timestamp',
  signature: 'x-spot-optimizer-signature',
} as const;

interface Signed {
  readonly id: string;
  readonly body: string;
  /** Each of them signs: for a day after a rotation, the previous one too. */
  readonly secrets: readonly string[];
}

/**
 * The headers of a message. The signature is the HMAC-SHA256, in hex, of the timestamp (Unix seconds), a dot and the
 * body. If there are several, any of them is valid.
 */
export function signedHeaders({ id, body, secrets }: Signed, sentAt: Date): Record<string, string> {
  const timestamp = String(Math.floor(sentAt.getTime() / 1000));
  const sign = (secret: string) => `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
  return {
    [headerNames.id]: id,
    [headerNames.timestamp]: timestamp,
    [headerNames.signature]: secrets.map(sign).join(','),
  };
}
