import * as z from 'zod';

/**
 * Environment variables, parsed where they enter. Each function reads only those it needs. A missing variable fails the
 * first invocation with an error that names it.
 */
function read<T extends z.ZodObject>(schema: T): () => z.infer<T> {
  let parsed: z.infer<T> | undefined;
  return () => {
    if (parsed) return parsed;
    const result = schema.safeParse(process.env);
    if (!result.success)
      throw new Error(`environment: ${result.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ')}`);
    parsed = result.data;
    return parsed;
  };
}

/**
 * Where the database is. `DATA_API_RETRY_MS` limits the time one request may spend on retrying calls.
 * `DATA_API_POLL_MS` limits the total time of a poll's statements: a thousand agents waiting for an unavailable
 * database would use up the account's Lambda concurrency.
 */
export const databaseEnv = read(
  z.object({
    DATABASE_ARN: z.string().min(1),
    DATABASE_SECRET_ARN: z.string().min(1),
    DATABASE_NAME: z.string().min(1),
    DATA_API_RETRY_MS: z.coerce.number().positive().default(25_000),
    DATA_API_POLL_MS: z.coerce.number().positive().default(3_000),
  }),
);

/** The database master user's secret, which only `migrate` may read; the user of `databaseEnv` cannot change tables. */
export const masterEnv = read(z.object({ DATABASE_MASTER_SECRET_ARN: z.string().min(1) }));

/** The KMS key that encrypts tenants' tokens and webhooks. */
export const tokenEnv = read(z.object({ TOKEN_KEY_ID: z.string().min(1) }));

/** SHA-256 of the admin credential, hex. While it is being changed there are several, separated by commas. */
export const adminEnv = read(
  z.object({
    ADMIN_TOKEN_SHA256: z
      .string()
      .regex(/^[0-9a-f]{64}(,[0-9a-f]{64})*$/)
      .transform((hashes) => hashes.split(',')),
  }),
);

/** An agent that is silent for longer is offline, and its standby may take over (protocol 8.1). */
export const healthEnv = read(z.object({ HEARTBEAT_TIMEOUT_SECONDS: z.coerce.number().positive().default(120) }));

/** The name a function has in logs and metrics: that of its folder. */
export const functionEnv = read(z.object({ POWERTOOLS_SERVICE_NAME: z.string().default('unknown') }));

/** The share of successful requests that are logged. Failed ones are all logged. */
export const logEnv = read(z.object({ LOG_SUCCESS_SHARE: z.coerce.number().min(0).max(1).default(1) }));

/** Whether the requests a caller may send a minute are limited (rate-limit.ts); a load test turns it off. */
export const limitEnv = read(z.object({ RATE_LIMITS: z.enum(['on', 'off']).default('on') }));

/** The S3 bucket of uploaded models. */
const modelBucket = z.object({ MODEL_BUCKET: z.string().min(1) });
export const modelEnv = read(modelBucket);

/** Where the files of uploaded models are read, through a URL that we sign ourselves. */
export const fileStoreEnv = read(
  modelBucket.extend({ AWS_REGION: z.string().min(1), AWS_ENDPOINT_URL_S3: z.url().optional() }),
);

/** Spot Advisor's data file, which is public. */
export const advisorEnv = read(
  z.object({
    SPOT_ADVISOR_URL: z.url().default('https://spot-bid-advisor.s3.amazonaws.com/spot-advisor-data.json'),
  }),
);

/**
 * How many types in regions EC2 is asked to score in a day: each one counts against an account quota. None by default.
 */
export const scoreEnv = read(z.object({ PLACEMENT_SCORES_A_DAY: z.coerce.number().int().min(0).max(1000).default(0) }));

/** Where the layer's model is. */
export const decisionEnv = read(z.object({ MODEL_DIR: z.string().min(1).default('/opt/model') }));

/**
 * How notifications are sent. `WEBHOOK_LOOPBACK` is for running on one machine: it admits http, and loopback addresses;
 * no deployment sets it.
 */
export const webhookEnv = read(
  z.object({
    WEBHOOK_DEADLINE_MS: z.coerce.number().positive().default(5_000),
    WEBHOOK_LOOPBACK: z.literal('allowed').optional(),
  }),
);
