import { webhookEnv } from '../../shared/env.ts';
import type { WebhookTable } from '../../shared/schema.ts';
import { accountIn } from './addresses.ts';
import { type Digest, toJson, toSlack } from './body.ts';
import { type Outcome, post } from './post.ts';
import { publish } from './publish.ts';
import { signedHeaders } from './signature.ts';
import { type Sealed, secretsAt } from './vault.ts';

export interface Receiver extends Pick<WebhookTable, 'topicArn' | 'style'> {
  /** The tenant's own account, as it is now. */
  readonly awsAccountId: string | null;
  readonly sealed: Sealed;
}

/** The outcome by URL and by topic; `null` for one that the tenant has not given, or that is left out. */
export interface Sent {
  readonly posted: Outcome | null;
  readonly published: Outcome | null;
}

const userAgent = 'SpotOptimizer-Webhook/1';

/**
 * Sends a message to a tenant's URL and topic at the same time. It takes no longer than `WEBHOOK_DEADLINE_MS`, and
 * never throws.
 * @param without where the message has arrived already
 */
export async function sendDigest(
  { topicArn, awsAccountId, style, sealed }: Receiver,
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
  const toTopic = async (arn: string): Promise<Outcome> => {
    if (accountIn(arn) === awsAccountId) return publish(arn, digest, deadlineMs);
    // An operator has set another account since: the topic may be another tenant's, and allow us to publish.
    const error = `the topic is not in the tenant's AWS account, ${awsAccountId ?? 'which we do not know'}`;
    return { status: null, milliseconds: 0, error };
  };
  const [posted, published] = await Promise.all([
    sealed.url === null || without.isPosted ? null : toUrl(sealed.url),
    topicArn === null || without.isPublished ? null : toTopic(topicArn),
  ]);
  return { posted, published };
}

/** Why a message has not arrived everywhere; `null` when it has. */
export const failureOf = ({ posted, published }: Sent): string | null =>
  [posted?.error, published?.error].filter(Boolean).join('; ') || null;
