import type { Answer } from '../rig/api.ts';
import { faultOf, type Operation, responseOf } from './schemas.ts';

/** Authorization errors. The fuzz sends the right token, so no request should get one. */
const admission = new Set([
  'missing_token',
  'invalid_token',
  'token_expired',
  'token_revoked',
  'client_inactive',
  'forbidden',
]);

/**
 * What is wrong with a response according to the document; undefined if nothing is.
 * @param fault of the request according to the document; undefined if the document allows it
 */
export function findingOf(operation: Operation, fault: string | undefined, answer: Answer): string | undefined {
  const { status, body, headers } = answer;
  if (status >= 500) return `${status}: a fault of ours`;
  const response = responseOf(operation, status);
  if (!response) return `${status} is no stated status`;
  const type = headers.get('content-type')?.split(';')[0] ?? '';
  const content = response.content?.[type] ?? response.content?.['*/*'];
  if (!content) return `${status} has no stated content of type ${type}`;
  const isText = typeof body === 'string' || body === undefined;
  const wrong = faultOf(content.schema, isText && type !== 'application/json' ? (body ?? '') : body);
  if (wrong) return `the answer ${status} is not what is stated: ${wrong}`;
  if (fault !== undefined || status < 400) return undefined;
  if (body.code === 'invalid_request' || admission.has(body.code))
    return `the document allows it, and it is refused: ${status} ${body.code}`;
  return undefined;
}
