import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sns, startSns } from '../../../local/aws/sns.ts';

const TopicArn = 'arn:aws:sns:us-east-1:123456789012:SpotOptimizerNotifications';

let sns: Sns;
let client: SNSClient;
beforeAll(async () => {
  sns = await startSns();
  client = new SNSClient({
    endpoint: sns.url,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});
afterAll(async () => {
  client.destroy();
  await sns.close();
});

const publish = (input = {}) => client.send(new PublishCommand({ TopicArn, Message: 'a <b> & ü', ...input }));

describe('local SNS', () => {
  it('keeps what the SDK publishes, and returns a message id', async () => {
    expect((await publish({ Subject: 'about' })).MessageId).toMatch(/^[0-9a-f-]{36}$/);
    expect(sns.published.at(-1)).toEqual({ topicArn: TopicArn, subject: 'about', message: 'a <b> & ü' });
  });

  it('refuses with the error of AWS if a topic’s policy does not permit us', async () => {
    sns.permits = (topicArn) => topicArn !== TopicArn;
    await expect(publish()).rejects.toMatchObject({
      name: 'AuthorizationErrorException',
      $metadata: { httpStatusCode: 403 },
    });
    expect((await publish({ TopicArn: `${TopicArn}2` })).MessageId).toBeTruthy();
    sns.permits = () => true;
  });

  it('accepts 256 KB, and no more', async () => {
    await publish({ Message: 'x'.repeat(256 * 1024) });
    await expect(publish({ Message: 'x'.repeat(256 * 1024 + 1) })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });
});
