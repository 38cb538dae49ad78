import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { CamelCasePlugin, Kysely } from 'kysely';
import { DataApiDialect, type DataApiOptions } from '../../../functions/shared/data-api/dialect.ts';
import { masterSecretArn } from '../../../local/environment.ts';

/** A client for tests: the functions' own client keeps the address that it was first used with. */
export const dataApiClient = (url: string) =>
  new RDSDataClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });

/** The functions' database client, for tests. By default it retries without a deadline, and pauses take no time. */
export function throughDataApi<T>(client: RDSDataClient, database: string, options: Partial<DataApiOptions> = {}) {
  const dialect = new DataApiDialect({
    client,
    resourceArn: 'arn:aws:rds:us-east-1:000000000000:cluster:local',
    secretArn: masterSecretArn, // tests create tables, too
    database,
    remaining: () => Number.POSITIVE_INFINITY,
    onCall: () => {},
    pause: async () => {},
    ...options,
  });
  return new Kysely<T>({ dialect, plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })] });
}
