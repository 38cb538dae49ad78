import { randomBytes } from 'node:crypto';
import { AwsError } from './errors.ts';
import type { Xml } from './xml.ts';

export interface Session {
  readonly account: string;
  readonly token: string;
}

/** The roles of tenants' accounts, and who has been let in. */
export class Roles {
  readonly #externalIds = new Map<string, string>();
  readonly #sessions = new Map<string, Session>();

  /** As the tenant makes the role: its trust policy names us and this external id. */
  trust(roleArn: string, externalId: string): void {
    this.#externalIds.set(roleArn, externalId);
  }

  /** As the tenant deletes it. Sessions go on until they end. */
  distrust(roleArn: string): void {
    this.#externalIds.delete(roleArn);
  }

  /** The session that an access key belongs to. */
  session(accessKeyId: string): Session | undefined {
    return this.#sessions.get(accessKeyId);
  }

  /** @throws AwsError AccessDenied, which is the one answer for a role that is not there and one that does not trust us */
  assume(parameters: URLSearchParams): Xml {
    const roleArn = parameters.get('RoleArn') ?? '';
    const expected = this.#externalIds.get(roleArn);
    if (expected === undefined || parameters.get('ExternalId') !== expected)
      throw new AwsError(
        'AccessDenied',
        `User: arn:aws:sts::000000000000:assumed-role/reconciler/reconciler is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
      );
    const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
    const token = randomBytes(48).toString('base64');
    this.#sessions.set(accessKeyId, { account: accountIn(roleArn), token });
    return {
      AssumeRoleResult: {
        AssumedRoleUser: {
          AssumedRoleId: `AROA:${parameters.get('RoleSessionName')}`,
          Arn: `${roleArn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/${parameters.get('RoleSessionName')}`,
        },
        Credentials: {
          AccessKeyId: accessKeyId,
          SecretAccessKey: randomBytes(30).toString('base64'),
          SessionToken: token,
          // Nothing here asks for the time: sessions do not end.
          Expiration: '2099-01-01T00:00:00Z',
        },
      },
    };
  }
}

export const accountIn = (roleArn: string) => roleArn.split(':')[4] ?? '';
