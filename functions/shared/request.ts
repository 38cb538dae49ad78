import type * as z from 'zod';
import { AppError } from './errors.ts';
import type { Event } from './http.ts';
import type { Route } from './route.ts';

/** Parses what a request brings, here and nowhere else. @throws AppError 400 that says what was seen, field by field */
export function parseRequest(route: Route, event: Event) {
  return {
    params: route.params && check(route.params, event.pathParameters ?? {}),
    query: route.query && check(route.query, event.queryStringParameters ?? {}),
    body: route.body && check(route.body, readBody(event)),
  };
}

/**
 * The JSON of a body; an empty one counts as `{}`, whatever content type comes with it (contract 1.3: dashboards send
 * none with their POSTs, agents send a JSON content type with their GETs).
 */
function readBody(event: Event): unknown {
  if (!event.body) return {};
  const raw = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString('utf8') : event.body;
  if (raw.trim() === '') return {};
  try {
    return JSON.parse(raw, refuseNul);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('invalid_request', 'The body is not valid JSON', {
      details: { body: [(error as Error).message] },
    });
  }
}

/** Text with a NUL is no name, id or message, whatever the field; it only upsets what reads it later. */
function refuseNul(key: string, value: unknown) {
  if (key.includes('\0') || (typeof value === 'string' && value.includes('\0')))
    throw new AppError('invalid_request', 'Validation failed', {
      details: { [key.replaceAll('\0', '') || 'body']: ['must not contain a NUL character'] },
    });
  return value;
}

function check(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const details: Record<string, string[]> = {};
  for (const issue of result.error.issues) {
    const field = issue.path.join('.') || 'body';
    details[field] = [...(details[field] ?? []), issue.message];
  }
  throw new AppError('invalid_request', 'Validation failed', { details });
}
