import {
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import type { Socket } from 'node:net';
import { hopByHop } from './events.ts';

export interface Answer {
  status: number;
  /** Lower-case names. */
  headers: Record<string, string>;
  cookies?: string[];
  body: string | Buffer;
}

/** A response of the gateway itself, in AWS's form rather than our `{"error": …}`. */
export const own = (status: number, message: string): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message }),
});

export const isPreflight = ({ method, headers }: IncomingMessage) =>
  method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;

export const preflightAnswer: Answer = {
  status: 204,
  headers: {
    'access-control-allow-methods': 'GET,POST,PUT,DELETE,OPTIONS',
    'access-control-allow-headers': 'content-type,authorization',
    'access-control-max-age': '600',
  },
  body: '',
};

/**
 * Reads a function's result: a response in format 2.0, or any other value, which becomes the body of a 200.
 * @throws if it is a response that cannot be sent
 */
export function integrationAnswer(result: unknown): Answer {
  if (typeof result === 'string') return { status: 200, headers: { 'content-type': 'application/json' }, body: result };
  if (!isResponse(result))
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(result ?? null) };

  const { statusCode, headers = {}, cookies, body = '', isBase64Encoded } = result;
  if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599)
    throw new Error(`the function answered status ${statusCode}`);
  if (typeof body !== 'string') throw new Error(`the function answered a body that is no text: ${typeof body}`);
  const kept = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), String(value)] as const)
    .filter(([name]) => !hopByHop.has(name) && name !== 'content-length' && !name.startsWith('access-control-'));
  for (const [name, value] of kept) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
  return {
    status: statusCode,
    headers: { 'content-type': 'text/plain;charset=UTF-8', ...Object.fromEntries(kept) },
    cookies,
    body: isBase64Encoded ? Buffer.from(body, 'base64') : body,
  };
}

interface FunctionResponse {
  statusCode: number;
  headers?: Record<string, unknown>;
  cookies?: string[];
  body?: unknown;
  isBase64Encoded?: boolean;
}

const isResponse = (result: unknown): result is FunctionResponse =>
  typeof result === 'object' && result !== null && 'statusCode' in result;

export function send({ headers }: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const cors =
    headers.origin === undefined
      ? {}
      : { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'x-next-cursor' };
  const cookies = answer.cookies?.length ? { 'set-cookie': answer.cookies } : {};
  const length =
    answer.status === 204 || answer.status === 304 ? {} : { 'content-length': Buffer.byteLength(answer.body) };
  response.writeHead(answer.status, { ...answer.headers, ...cookies, ...cors, ...length });
  response.end(answer.body);
}

/** Answers what Node could not parse as a request, in the same form. */
export function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const status = unreadable[error.code ?? ''] ?? 400;
  const { headers, body } = own(status, STATUS_CODES[status]!);
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: ${headers['content-type']}\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`,
  );
  socket.destroySoon();
}

const unreadable: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };
