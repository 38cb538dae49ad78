import { randomBytes } from 'node:crypto';
import { AwsError } from './errors.ts';
import type { Xml } from './xml.ts';

export interface Session {
  readonly account: string;
  readonly token: string;
}

/** The roles of tenants' accounts, and the sessions issued for them. */
export class Roles {
  readonly #externalIds = new Map<string, string>();
  readonly #sessions = new Map<string, Session>();

  /** Creates a role as the tenant would: its trust policy names us and this external id. */
  trust(roleArn: string, externalId: string): void {
    this.#externalIds.set(roleArn, externalId);
  }

  /** Deletes a role as the tenant would. Existing sessions stay valid. */
  distrust(roleArn: string): void {
    this.#externalIds.delete(roleArn);
  }

  /** The session of an access key. */
  session(accessKeyId: string): Session | undefined {
    return this.#sessions.get(accessKeyId);
  }

  /** @throws AwsError AccessDenied, the same for a missing role and for one that does not trust us */
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
          // Nothing here checks the time: sessions do not end.
          Expiration: '2099-01-01T00:00:00Z',
        },
      },
    };
  }
}

export const accountIn = (roleArn: string) => roleArn.split(':')[4] ?? '';
