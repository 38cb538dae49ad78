import { Logger } from '@aws-lambda-powertools/logger';

/**
 * Structured JSON to CloudWatch. Level and service name come from the environment (POWERTOOLS_LOG_LEVEL,
 * POWERTOOLS_SERVICE_NAME). Never log a token, an Authorization header or a body: they are not ours to keep.
 */
export const logger = new Logger();
