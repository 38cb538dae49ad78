import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Secrets, startSecrets } from '../../../local/aws/secrets.ts';

let directory: string;
let secrets: Secrets;
let client: SecretsManagerClient;
const open = () => startSecrets({ id: 'ours', file: join(directory, 'secret'), initial: 'first' });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'secrets-'));
  secrets = await open();
  client = new SecretsManagerClient({
    endpoint: secrets.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});
afterAll(async () => {
  await secrets.close();
  await rm(directory, { recursive: true, force: true });
});

const of = { SecretId: 'ours' };

it('returns its own secret, and no other', async () => {
  expect(await client.send(new GetSecretValueCommand(of))).toMatchObject({ SecretString: 'first' });
  await expect(client.send(new GetSecretValueCommand({ SecretId: 'other' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  expect([secrets.read('ours'), secrets.read('other')]).toEqual(['first', undefined]);
});

it('enforces the rules of a rotation: a version has one value, and a stage moves only from its holder', async () => {
  await secrets.rotate(async ({ Step, ClientRequestToken }) => {
    const token = { ...of, ClientRequestToken };
    if (Step === 'createSecret') {
      const pending = new GetSecretValueCommand({ ...of, VersionStage: 'AWSPENDING' });
      await expect(client.send(pending)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
      for (const SecretString of ['second', 'second'])
        await client.send(new PutSecretValueCommand({ ...token, SecretString }));
      await expect(client.send(new PutSecretValueCommand({ ...token, SecretString: 'else' }))).rejects.toMatchObject({
        name: 'ResourceExistsException',
      });
    }
    expect(secrets.read('ours')).toBe('first');
    if (Step !== 'finishSecret') return;
    const move = { ...of, VersionStage: 'AWSCURRENT', MoveToVersionId: ClientRequestToken };
    await expect(client.send(new UpdateSecretVersionStageCommand(move))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    const { VersionId } = await client.send(new GetSecretValueCommand(of));
    await client.send(new UpdateSecretVersionStageCommand({ ...move, RemoveFromVersionId: VersionId }));
  });
  expect(secrets.read('ours')).toBe('second');
  const previous = new GetSecretValueCommand({ ...of, VersionStage: 'AWSPREVIOUS' });
  expect(await client.send(previous)).toMatchObject({ SecretString: 'first' });
});

it('keeps the secret between runs, in a file that only its owner can read', async () => {
  const again = await open();
  expect(again.read('ours')).toBe('second');
  await again.close();
  expect((await stat(join(directory, 'secret'))).mode & 0o777).toBe(0o600);
});
