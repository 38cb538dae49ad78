import { join } from 'node:path';

/** What differs from one local control plane to the next. */
export interface LocalEndpoints {
  dataApiUrl: string;
  kmsUrl: string;
  secretsUrl: string;
  s3Url: string;
  /** Serves both STS and EC2. */
  ec2Url: string;
  snsUrl: string;
  priceListUrl: string;
  spotAdvisorUrl: string;
  databaseName: string;
  /** SHA-256 of the admin token, hex. */
  adminTokenSha256: string;
}

/** The functions' key, with which they also sign URLs of the local S3. */
export const secretAccessKey = 'local';
export const modelBucket = 'spot-optimizer-models';

/** The secrets of the user that owns the database, and of the user that all functions but `migrate` log in as. */
export const masterSecretArn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:master';
export const appSecretArn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:app';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment of every function: what `lib/` sets in AWS, and the endpoints of the stand-ins for AWS.
 * @returns values by name; `undefined` ones must be unset, so that nothing of the developer's own account is used
 */
export const functionEnvironment = (local: LocalEndpoints): Environment => ({
  DATABASE_ARN: 'arn:aws:rds:us-east-1:000000000000:cluster:local',
  DATABASE_SECRET_ARN: appSecretArn,
  DATABASE_MASTER_SECRET_ARN: masterSecretArn,
  DATABASE_NAME: local.databaseName,
  TOKEN_KEY_ID: 'alias/spot-optimizer-tokens',
  MODEL_BUCKET: modelBucket,
  MODEL_DIR: join(import.meta.dirname, '../dist/onnx-layer/model'),
  ADMIN_TOKEN_SHA256: local.adminTokenSha256,

  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_SESSION_TOKEN: undefined,
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: undefined,
  AWS_ENDPOINT_URL_RDS_DATA: local.dataApiUrl,
  AWS_ENDPOINT_URL_KMS: local.kmsUrl,
  AWS_ENDPOINT_URL_S3: local.s3Url,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: local.secretsUrl,
  AWS_ENDPOINT_URL_STS: local.ec2Url,
  AWS_ENDPOINT_URL_EC2: local.ec2Url,
  AWS_ENDPOINT_URL_SNS: local.snsUrl,
  AWS_ENDPOINT_URL_PRICING: local.priceListUrl,
  SPOT_ADVISOR_URL: local.spotAdvisorUrl,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',

  // A webhook that is tried locally listens on this machine.
  WEBHOOK_LOOPBACK: 'allowed',

  POWERTOOLS_LOG_LEVEL: process.env.POWERTOOLS_LOG_LEVEL ?? 'WARN',
  POWERTOOLS_SERVICE_NAME: 'spot-optimizer',
  POWERTOOLS_METRICS_NAMESPACE: 'SpotOptimizer',
  // `npm start` enables metrics when it collects them (local/dashboard/measures.ts).
  POWERTOOLS_METRICS_DISABLED: 'true',
  HEARTBEAT_TIMEOUT_SECONDS: process.env.HEARTBEAT_TIMEOUT_SECONDS,
});

/**
 * Sets the environment of this process, which is also that of the functions: they run inside it.
 * @returns restores what was there
 */
export function setEnvironment(environment: Environment): { stop(): Promise<void> } {
  const before = Object.fromEntries(Object.keys(environment).map((name) => [name, process.env[name]]));
  assign(environment);
  return { stop: async () => assign(before) };
}

function assign(environment: Environment): void {
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
