import { webhookEnv } from '../../shared/env.ts';
import type { WebhookTable } from '../../shared/schema.ts';
import { type Digest, toJson, toSlack } from './body.ts';
import { type Outcome, post } from './post.ts';
import { publish } from './publish.ts';
import { signedHeaders } from './signature.ts';
import { type Sealed, secretsAt } from './vault.ts';

export interface Receiver extends Pick<WebhookTable, 'topicArn' | 'style'> {
  readonly sealed: Sealed;
}

/** How a message fared; `null` for a way that the tenant has not given, or that is not to be gone. */
export interface Sent {
  readonly posted: Outcome | null;
  readonly published: Outcome | null;
}

const userAgent = 'SpotOptimizer-Webhook/1';

/**
 * Sends a message to a tenant's URL and topic, at once. It takes no longer than `WEBHOOK_DEADLINE_MS`, and never throws.
 * @param without the ways by which it has arrived already
 */
export async function sendDigest(
  { topicArn, style, sealed }: Receiver,
  digest: Digest,
  now: Date,
  without: { readonly isPosted: boolean; readonly isPublished: boolean } = { isPosted: false, isPublished: false },
): Promise<Sent> {
  const { WEBHOOK_DEADLINE_MS: deadlineMs, WEBHOOK_LOOPBACK: loopback } = webhookEnv();
  const toUrl = async (url: string) => {
    const body = style === 'slack' ? toSlack(digest) : toJson(digest);
    const headers = {
      'content-type': 'application/json',
      'user-agent': userAgent,
      ...signedHeaders({ id: digest.id, body, secrets: secretsAt(sealed, now) }, now),
    };
    return post({ url, headers, body }, { deadlineMs, isLoopbackAllowed: loopback === 'allowed' });
  };
  const [posted, published] = await Promise.all([
    sealed.url === null || without.isPosted ? null : toUrl(sealed.url),
    topicArn === null || without.isPublished ? null : publish(topicArn, digest, deadlineMs),
  ]);
  return { posted, published };
}

/** Why a message has not arrived everywhere; `null` when it has. */
export const failureOf = ({ posted, published }: Sent): string | null =>
  [posted?.error, published?.error].filter(Boolean).join('; ') || null;
