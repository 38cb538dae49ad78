import { type Digest, titleOf, toJson } from './body.ts';
import type { Outcome } from './post.ts';

/**
 * Publishes a message to a tenant's SNS topic, whose policy allows us to. Never throws.
 * @param topicArn names the region too
 */
export async function publish(topicArn: string, digest: Digest, deadlineMs: number): Promise<Outcome> {
  const started = performance.now();
  const abortSignal = AbortSignal.timeout(deadlineMs);
  const said = (status: number | null, error: string | null): Outcome => ({
    status,
    milliseconds: Math.round(performance.now() - started),
    error,
  });
  try {
    // Loaded when the first topic needs it: most tenants have a URL.
    const { PublishCommand, SNSClient } = await import('@aws-sdk/client-sns');
    const client = new SNSClient({ region: topicArn.split(':')[3]!, maxAttempts: 1 });
    const text = (value: string) => ({ DataType: 'String', StringValue: value });
    const { $metadata } = await client.send(
      new PublishCommand({
        TopicArn: topicArn,
        Subject: titleOf(digest),
        Message: toJson(digest),
        MessageAttributes: { message_id: text(digest.id), client_id: text(digest.clientId), type: text(digest.type) },
      }),
      { abortSignal },
    );
    client.destroy();
    return said($metadata.httpStatusCode ?? 200, null);
  } catch (error) {
    const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
    // SNS's own message is left out: it names our role.
    const reason = abortSignal.aborted ? `no response within ${deadlineMs / 1000} s` : `SNS refused: ${name}`;
    return said($metadata?.httpStatusCode ?? null, reason);
  }
}
