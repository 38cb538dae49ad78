import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { errorStatus } from '../shared/errors.ts';
import { routeKey } from '../shared/route.ts';
import { files } from './files.ts';
import { docsRoutes } from './routes.ts';

/** Allows only our own files and API, so that a token entered on the page cannot be sent anywhere else. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const common = { 'x-data-api-calls': '0', 'x-content-type-options': 'nosniff' };

/** Does not use `httpHandler`: it reads nothing from the database, and the files are not JSON. */
export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const name = nameOf(event);
  const file = Object.hasOwn(files, name) ? files[name] : undefined;
  if (!file) return notFound;
  return {
    statusCode: 200,
    headers: {
      ...common,
      'content-type': file.type,
      'content-encoding': 'gzip',
      'cache-control': `public, max-age=${file.keptFor}`,
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
    },
    body: contentOf(name),
    isBase64Encoded: true,
  };
}

function nameOf({ routeKey: key, pathParameters }: APIGatewayProxyEventV2): string {
  if (key === routeKey(docsRoutes.document)) return 'openapi.json';
  return key === routeKey(docsRoutes.page) ? 'index.html' : (pathParameters?.file ?? '');
}

const notFound = {
  statusCode: errorStatus.not_found,
  headers: { ...common, 'content-type': 'application/json' },
  body: JSON.stringify({ error: 'Not found', code: 'not_found' }),
};

const read = new Map<string, string>();

/** The compressed file in base64, which API Gateway requires for binary content. */
function contentOf(name: string): string {
  const content = read.get(name) ?? readFileSync(join(import.meta.dirname, 'files', `${name}.gz`), 'base64');
  read.set(name, content);
  return content;
}
