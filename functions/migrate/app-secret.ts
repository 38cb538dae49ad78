import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { parseJson } from '../shared/parse-json.ts';
import type { Login } from './app-user.ts';

/** Fields that CDK adds beside them are kept. */
const loginSchema = z.looseObject({ username: z.string(), password: z.string() });

const client = new SecretsManagerClient({});

/** The application user's secret in Secrets Manager. */
export class AppSecret {
  readonly #id: string;

  constructor(id: string) {
    this.#id = id;
  }

  /** The login the functions use now. */
  async current(): Promise<Login> {
    const login = await this.read({ stage: 'AWSCURRENT' });
    if (!login) throw new Error(`the secret ${this.#id} has no current version`);
    return login;
  }

  /** @returns `undefined` if there is no such version, or it has no value yet */
  async read(of: { version: string } | { stage: 'AWSCURRENT' }): Promise<Login | undefined> {
    const version = 'version' in of ? { VersionId: of.version } : { VersionStage: of.stage };
    try {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: this.#id, ...version }));
      return parse(SecretString);
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }

  /** Whether a version is the one functions use, or the one a rotation is creating; `unused` for any other. */
  async stageOf(version: string): Promise<'current' | 'pending' | 'unused'> {
    const stages = (await this.#stages())[version] ?? [];
    if (stages.includes('AWSCURRENT')) return 'current';
    return stages.includes('AWSPENDING') ? 'pending' : 'unused';
  }

  /** Stores a version that is not used yet. */
  async put(version: string, login: Login): Promise<void> {
    const secret = { SecretId: this.#id, ClientRequestToken: version, VersionStages: ['AWSPENDING'] };
    await client.send(new PutSecretValueCommand({ ...secret, SecretString: JSON.stringify(login) }));
  }

  /** Makes the Data API use this version from now on. */
  async makeCurrent(version: string): Promise<void> {
    await client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: this.#id,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: version,
        RemoveFromVersionId: await this.#currentVersion(),
      }),
    );
  }

  async #currentVersion(): Promise<string | undefined> {
    return Object.entries(await this.#stages()).find(([, stages]) => stages.includes('AWSCURRENT'))?.[0];
  }

  async #stages(): Promise<Record<string, string[]>> {
    const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId: this.#id }));
    return VersionIdsToStages;
  }
}

/** @throws Error that does not quote the secret */
function parse(text: string | undefined): Login {
  const parsed = loginSchema.safeParse(parseJson(text ?? ''));
  if (parsed.success) return parsed.data;
  throw new Error('the secret is not a JSON object with a username and a password');
}
