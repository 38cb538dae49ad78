import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type * as z from 'zod';
import { AppError, invalidField, invalidFields } from './errors.ts';
import type { Route } from './route.ts';

/** Far above what agents and consoles send, and below what one Data API call may carry (4 MiB). */
const maxBodyBytes = 1024 * 1024;

/** Nesting levels: no body from agents or consoles has more than five, and a JSON column of MariaDB holds 32. */
const maxDepth = 20;

/** Characters of a key, which is a name; a JSON column of MySQL refuses keys above 65,535 bytes. */
const maxKeyLength = 255;

/** The parts of a gateway event that are read. */
export type Event = Pick<
  APIGatewayProxyEventV2,
  'pathParameters' | 'queryStringParameters' | 'body' | 'isBase64Encoded' | 'headers'
>;

/** A body that is not JSON: a form with files, which the route reads itself. */
export interface RawBody {
  readonly contentType: string;
  readonly bytes: Buffer;
}

export const isRawBody = (body: object): body is RawBody => 'contentType' in body && 'bytes' in body;

/** Parses a request; nothing else does. @throws AppError 400 that says what is wrong, field by field, or 413 */
export function parseRequest(route: Route, event: Event) {
  return {
    params: route.params && check(route.params, event.pathParameters ?? {}),
    query: route.query && check(route.query, withoutNul(event.queryStringParameters ?? {})),
    body: formOf(route, event) ?? (route.body && check(route.body, readBody(event, route.maxBodyBytes))),
  };
}

function formOf(route: Route, event: Event): RawBody | undefined {
  if (!route.takesFiles) return undefined;
  const contentType = event.headers['content-type'] ?? '';
  if (!/^multipart\/form-data/i.test(contentType)) return undefined;
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  requireSize(bytes.length, route.maxBodyBytes);
  return { contentType, bytes };
}

/** Queries follow the NUL rule of bodies (`storable`). @throws AppError invalid_request */
function withoutNul(query: Readonly<Record<string, string | undefined>>) {
  for (const [name, value] of Object.entries(query))
    if (`${name}${value}`.includes('\0')) throw invalidField(name.replaceAll('\0', '') || 'query', noNul);
  return query;
}
const noNul = 'must not contain a NUL character';

/**
 * The JSON of a body; an empty one counts as `{}`, whatever its content type (protocol 1.3: dashboards send none with
 * their POSTs, agents send a JSON content type with their GETs).
 */
function readBody(event: Event, maxBytes = maxBodyBytes): unknown {
  if (!event.body) return {};
  const raw = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString('utf8') : event.body;
  requireSize(Buffer.byteLength(raw), maxBytes);
  if (raw.trim() === '') return {};
  try {
    const body: unknown = JSON.parse(raw, storable);
    if (isDeeper(body, maxDepth)) throw new SyntaxError(`It is nested more than ${maxDepth} levels deep`);
    return body;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('invalid_request', 'The body is not valid JSON', {
      details: { body: [(error as Error).message] },
    });
  }
}

function requireSize(bytes: number, maxBytes = maxBodyBytes): void {
  if (bytes > maxBytes)
    throw new AppError('body_too_large', `The body has ${bytes} bytes; it may have at most ${maxBytes}`);
}

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inside) => isDeeper(inside, levels - 1)));

/**
 * No name, id or message contains a NUL; it would only upset whatever reads it later. A JSON column refuses a lone
 * surrogate. In a value it is replaced; in a key it is refused, because a replacement could make two keys equal.
 */
function storable(key: string, value: unknown) {
  if (key.includes('\0') || (typeof value === 'string' && value.includes('\0')))
    throw invalidField(key.replaceAll('\0', '') || 'body', noNul);
  if (!key.isWellFormed()) throw invalidField(key.toWellFormed(), 'must be a name of well-formed Unicode');
  if (key.length > maxKeyLength)
    throw invalidField(`${key.slice(0, 32).toWellFormed()}…`, `must be a name of at most ${maxKeyLength} characters`);
  return typeof value === 'string' ? value.toWellFormed() : value;
}

function check(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const details: Record<string, string[]> = {};
  for (const issue of result.error.issues) {
    const field = issue.path.join('.') || 'body';
    details[field] = [...(details[field] ?? []), issue.message];
  }
  throw invalidFields(details);
}
