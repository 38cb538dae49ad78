import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import type { RotationEvent } from '../../functions/migrate/rotate.ts';
import { readBody, reply, serveOnLoopback } from './loopback-server.ts';

export interface Secrets {
  /** For the SDK's `endpoint`. */
  url: string;
  /** The current value of the secret; `undefined` for any other id. */
  read(id: string): string | undefined;
  /** Rotates the secret as the service does: calls `step` once for each step, in order. */
  rotate(step: (event: RotationEvent) => Promise<unknown>): Promise<void>;
  close(): Promise<void>;
}

export interface SecretsOptions {
  /** The id of the only secret. */
  id: string;
  /** Where the secret is stored, readable only by its owner. */
  file: string;
  /** The secret's value when the file is created. */
  initial: string;
}

interface Version {
  value?: string;
  stages: string[];
}
type Versions = Record<string, Version>;

/** What the SDK sends. */
interface SecretsRequest {
  SecretId?: string;
  VersionId?: string;
  VersionStage?: string;
  ClientRequestToken?: string;
  SecretString?: string;
  MoveToVersionId?: string;
  RemoveFromVersionId?: string;
}

/** An error response. */
class SecretsError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Serves the operations of Secrets Manager that a rotation needs on loopback, for the unmodified SDK: GetSecretValue,
 * PutSecretValue, DescribeSecret and UpdateSecretVersionStage, of one secret.
 */
export async function startSecrets({ id, file, initial }: SecretsOptions): Promise<Secrets> {
  const versions = await readVersions(file, initial);
  const keep = () => writeVersions(file, versions);

  const server = await serveOnLoopback(async (request, response) => {
    await respond(request, response, async (operation, input) => {
      if (input.SecretId !== id) throw notFound(`the secret ${input.SecretId}`);
      const answer = operations[operation]?.(versions, input);
      if (!answer) throw new SecretsError('UnknownOperationException', operation);
      await keep();
      return { ARN: id, ...answer };
    });
  });
  return {
    ...server,
    read: (wanted) => (wanted === id ? versionAt(versions, 'AWSCURRENT')?.[1].value : undefined),
    async rotate(step) {
      const token = randomUUID();
      versions[token] = { stages: [] };
      moveStage(versions, 'AWSPENDING', token);
      for (const Step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const)
        await step({ Step, SecretId: id, ClientRequestToken: token });
      await keep();
    },
  };
}

const operations: Readonly<Record<string, (versions: Versions, input: SecretsRequest) => object>> = {
  GetSecretValue(versions, { VersionId, VersionStage }) {
    const found = VersionId
      ? ([VersionId, versions[VersionId]] as const)
      : versionAt(versions, VersionStage ?? 'AWSCURRENT');
    if (found?.[1]?.value === undefined) throw notFound(`a value of ${VersionId ?? VersionStage ?? 'AWSCURRENT'}`);
    return { VersionId: found[0], SecretString: found[1].value, VersionStages: found[1].stages };
  },
  PutSecretValue(versions, { ClientRequestToken: token = randomUUID(), SecretString: value }) {
    const known = versions[token]?.value;
    if (known !== undefined && known !== value)
      throw new SecretsError('ResourceExistsException', `version ${token} has another value`);
    versions[token] = { stages: [], ...versions[token], value };
    moveStage(versions, 'AWSPENDING', token);
    return { VersionId: token };
  },
  DescribeSecret(versions) {
    return { VersionIdsToStages: Object.fromEntries(Object.entries(versions).map(([id, { stages }]) => [id, stages])) };
  },
  UpdateSecretVersionStage(versions, { VersionStage = '', MoveToVersionId: to = '', RemoveFromVersionId: from }) {
    const holder = versionAt(versions, VersionStage)?.[0];
    if (holder !== from)
      throw new SecretsError('InvalidParameterException', `${VersionStage} is at version ${holder}, not ${from}`);
    if (!versions[to]) throw notFound(`version ${to}`);
    if (VersionStage === 'AWSCURRENT' && holder) moveStage(versions, 'AWSPREVIOUS', holder);
    moveStage(versions, VersionStage, to);
    return {};
  },
};

const notFound = (what: string) => new SecretsError('ResourceNotFoundException', `Secrets Manager can't find ${what}`);

const versionAt = (versions: Versions, stage: string) =>
  Object.entries(versions).find(([, { stages }]) => stages.includes(stage));

/**
 * A stage is at one version. A version without stages is kept, as in AWS for at least a day: a late call may name it.
 */
function moveStage(versions: Versions, stage: string, to: string): void {
  for (const version of Object.values(versions)) version.stages = version.stages.filter((at) => at !== stage);
  versions[to]!.stages.push(stage);
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (operation: string, input: SecretsRequest) => Promise<object>,
): Promise<void> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() };
  try {
    const operation = String(request.headers['x-amz-target']).replace('secretsmanager.', '');
    const input = JSON.parse(String(await readBody(request))) as SecretsRequest;
    reply(response, 200, headers, JSON.stringify(await answer(operation, input)));
  } catch (error) {
    const { code, message } = error instanceof SecretsError ? error : new SecretsError('InternalServiceError', '');
    const status = code === 'InternalServiceError' ? 500 : 400;
    reply(response, status, headers, JSON.stringify({ __type: code, message }));
  }
}

async function readVersions(file: string, initial: string): Promise<Versions> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined) return JSON.parse(text) as Versions;
  const versions: Versions = { [randomUUID()]: { value: initial, stages: ['AWSCURRENT'] } };
  await writeVersions(file, versions);
  return versions;
}

/** Writes a new file and renames it: a process that is killed leaves the old file or the new one. */
async function writeVersions(file: string, versions: Versions): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const next = `${file}.${randomUUID()}`;
  await writeFile(next, JSON.stringify(versions), { mode: 0o600 });
  await rename(next, file);
}
