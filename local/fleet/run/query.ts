import { ExecuteStatementCommand, RDSDataClient } from '@aws-sdk/client-rds-data';

/** Runs a statement with `:name` parameters. @returns its rows by column name */
export type Query = (sql: string, parameters?: Readonly<Record<string, string | number>>) => Promise<Row[]>;
export type Row = Readonly<Record<string, string | number | boolean | null>>;

/** Runs the fleet's own statements, over the Data API that the functions use. */
export function queryOver(url: string, environment: NodeJS.ProcessEnv = process.env): Query {
  const client = new RDSDataClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  return async (sql, parameters = {}) => {
    const { records = [], columnMetadata = [] } = await client.send(
      new ExecuteStatementCommand({
        resourceArn: environment.DATABASE_ARN,
        secretArn: environment.DATABASE_SECRET_ARN,
        database: environment.DATABASE_NAME,
        sql,
        parameters: Object.entries(parameters).map(([name, value]) => ({
          name,
          value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value },
        })),
        includeResultMetadata: true,
      }),
    );
    return records.map((fields) =>
      Object.fromEntries(
        fields.map((field, index) => [
          columnMetadata[index]!.label ?? columnMetadata[index]!.name!,
          field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue ?? null,
        ]),
      ),
    );
  };
}
