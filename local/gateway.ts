import { randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Access, type Routes, routeKey } from '../functions/shared/route.ts';
import type { Clock } from './clock.ts';
import type { Invoke } from './lambda-host.ts';

export interface GatewayOptions {
  /** By domain, as functions/routes.ts has them. */
  routes: Readonly<Record<string, Routes>>;
  /** Runs the Lambda of a domain on an event of payload format 2.0. */
  invoke: Invoke;
  /** Runs the Lambda authorizer on a REQUEST event of version 2.0. */
  authorize(event: unknown): Promise<unknown>;
  /** Gives requests their `timeEpoch`. */
  clock: Clock;
  /** 0: any that is free. */
  port: number;
  /** How long the authorizer's answer holds for the same Authorization header; 0: not at all. */
  authorizerTtlSeconds?: number;
  integrationTimeoutMs?: number;
  authorizerTimeoutMs?: number;
  /** Milliseconds that only grow: the authorizer's answers expire by it, whatever `clock` does. */
  monotonic?: () => number;
  onAnswer?: (answered: Answered) => void;
}

export interface Answered {
  /** `-` when the gateway answered before it chose a route. */
  routeKey: string;
  status: number;
  ms: number;
  /** What the handler said in `x-data-api-calls`; undefined when it said nothing, or the gateway itself answered. */
  dataApiCalls: number | undefined;
}

export interface Gateway {
  readonly url: string;
  readonly port: number;
  /** Empties the authorizer's cache, as waiting for its time to live would. */
  forgetAuthorizations(): void;
  /** Takes no more requests, gives those under way a moment to finish, and closes every connection. */
  close(): Promise<void>;
}

/** API Gateway's quotas for an HTTP API, and Lambda's for a synchronous event. */
const limits = {
  headBytes: 10_240,
  bodyBytes: 10 * 1024 * 1024,
  eventBytes: 6 * 1024 * 1024,
  integrationMs: 30_000,
  authorizerMs: 10_000,
};

/** Above what agents wait between two requests (60 s), so that none meets a connection that is just being closed. */
const keepAliveMs = 75_000;
const closeWithinMs = 2000;

const accountId = '000000000000';
const apiId = 'local';

/**
 * Serves a route table on 127.0.0.1 as API Gateway's HTTP API does with the `$default` stage: routing, events, the
 * Lambda authorizer and its cache, CORS, limits, and the answers that the gateway gives by itself.
 * @throws Error when the port is in use
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const integrationMs = options.integrationTimeoutMs ?? limits.integrationMs;
  const authorizerMs = options.authorizerTimeoutMs ?? limits.authorizerMs;
  const monotonic = options.monotonic ?? (() => performance.now());
  const authorizations = new Authorizations((options.authorizerTtlSeconds ?? 60) * 1000, monotonic);
  const match = router(options.routes);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    const { routeKey, answer } = await handle(request);
    response.shouldKeepAlive &&= server.listening; // a connection that `close` found busy ends with its answer
    send(request, response, answer);
    const calls = answer.headers['x-data-api-calls'];
    options.onAnswer?.({
      routeKey,
      status: answer.status,
      ms: performance.now() - started,
      dataApiCalls: calls === undefined ? undefined : Number(calls),
    });
  }

  async function handle(request: IncomingMessage): Promise<{ routeKey: string; answer: Answer }> {
    if (headBytes(request) > limits.headBytes)
      return { routeKey: '-', answer: own(431, 'Request Header Fields Too Large') };
    if (isPreflight(request)) return { routeKey: '-', answer: preflightAnswer };

    const target = targetOf(request);
    if (!target) return { routeKey: '-', answer: own(400, 'Bad Request') };
    const matched = match(request.method!, target.rawPath);
    if (!matched) return { routeKey: '-', answer: own(404, 'Not Found') };
    const event = requestEvent(request, target, matched, options.clock.now());
    return { routeKey: matched.routeKey, answer: await answerOf(request, matched, event) };
  }

  async function answerOf(request: IncomingMessage, { access, domain }: Matched, event: RequestEvent): Promise<Answer> {
    if (access !== 'open') {
      const identity = event.headers.authorization;
      if (!identity) return own(401, 'Unauthorized');
      const authorization = authorizations.find(identity) ?? (await authorize(event, identity));
      if (!authorization) return own(500, null);
      if (!authorization.isAuthorized) return own(403, 'Forbidden');
      event.requestContext.authorizer = { lambda: authorization.context ?? null };
    }

    const body = await readBody(request);
    if (!body) return own(413, 'Request Entity Too Large');
    const complete = { ...event, ...encodedBody(body, event.headers['content-type']) };
    if (Buffer.byteLength(JSON.stringify(complete)) > limits.eventBytes) return own(413, 'Request Entity Too Large');

    try {
      const result = await within(integrationMs, () => options.invoke(domain, complete, { timeoutMs: integrationMs }));
      return result === tooLate ? own(503, 'Service Unavailable') : integrationAnswer(result);
    } catch (error) {
      console.error(`${event.routeKey}: ${domain} failed:`, error);
      return own(500, 'Internal Server Error');
    }
  }

  /** @returns undefined when the authorizer failed, which is not kept: the next request asks it again */
  async function authorize(event: RequestEvent, identity: string): Promise<Authorization | undefined> {
    try {
      const answer = await within(authorizerMs, () => options.authorize(authorizerEvent(event, identity)));
      if (answer === tooLate) throw new Error(`no answer within ${authorizerMs / 1000} s`);
      if (!isAuthorization(answer)) throw new Error(`not a simple response: ${JSON.stringify(answer)}`);
      authorizations.keep(identity, answer);
      return answer;
    } catch (error) {
      console.error(`${event.routeKey}: the authorizer failed:`, error);
      return undefined;
    }
  }

  // Above the quota, so that our own check gives the answer. What even this refuses never becomes a request.
  const server = createServer({ maxHeaderSize: 64 * 1024, keepAliveTimeout: keepAliveMs, requestTimeout: 60_000 });
  server.on('clientError', refuse);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response).catch((error) => {
      if (!request.errored) console.error('the gateway failed:', error); // otherwise the client left: nobody to be told
      response.destroy();
    });
  });
  const port = await listen(server, options.port);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    forgetAuthorizations: () => authorizations.forget(),
    close: () => close(server),
  };
}

// --- Routing ---------------------------------------------------------------------------------------------------------

interface Matched {
  domain: string;
  access: Access;
  routeKey: string;
  pathParameters: Record<string, string> | undefined;
}

/** Of several routes that match, the one with the earlier static segment wins, then a given method before ANY. */
function router(routes: GatewayOptions['routes']): (method: string, rawPath: string) => Matched | undefined {
  const entries = Object.entries(routes)
    .flatMap(([domain, table]) => Object.values(table).map((route) => ({ domain, route })))
    .map(({ domain, route: { method, path, access }, route }) => {
      const segments = path.split('/');
      const precedence =
        segments.map((segment) => (isParameter(segment) ? 1 : 0)).join('') + (method === 'ANY' ? 1 : 0);
      return { domain, access, method, path, segments, precedence, routeKey: routeKey(route) };
    })
    .sort((a, b) => a.precedence.localeCompare(b.precedence));
  const fallback = entries.find(({ path }) => path === '$default');

  return (method, rawPath) => {
    const segments = rawPath.split('/');
    const entry = entries.find(
      (candidate) => (candidate.method === method || candidate.method === 'ANY') && fits(candidate.segments, segments),
    );
    if (entry) return { ...entry, pathParameters: parametersOf(entry.segments, segments) };
    return fallback && { ...fallback, pathParameters: undefined };
  };
}

const isParameter = (segment: string) => segment.startsWith('{');

const fits = (pattern: string[], segments: string[]) =>
  pattern.length === segments.length &&
  pattern.every((part, i) => (isParameter(part) ? segments[i] !== '' : part === segments[i]));

/** Decoded one segment at a time: an encoded slash in an id stays in that id. */
function parametersOf(pattern: string[], segments: string[]): Record<string, string> | undefined {
  const found = pattern.flatMap((part, i) =>
    isParameter(part) ? [[part.slice(1, -1), decodeURIComponent(segments[i]!)] as const] : [],
  );
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

// --- Events ----------------------------------------------------------------------------------------------------------

type RequestEvent = ReturnType<typeof requestEvent>;

interface Target {
  rawPath: string;
  rawQueryString: string;
}

/** @returns undefined when the path cannot be percent-decoded */
function targetOf({ url = '/' }: IncomingMessage): Target | undefined {
  const relative = url.replace(/^https?:\/\/[^/?]*/i, ''); // proxies' clients send the whole URL
  const query = relative.indexOf('?');
  const rawPath = query < 0 ? relative : relative.slice(0, query);
  try {
    decodeURIComponent(rawPath);
  } catch {
    return undefined;
  }
  return { rawPath, rawQueryString: query < 0 ? '' : relative.slice(query + 1) };
}

/** What the integration's and the authorizer's events have in common. */
function requestEvent(request: IncomingMessage, target: Target, matched: Matched, now: Date) {
  const { cookie, ...headers } = headersOf(request);
  const domainName = (headers.host ?? 'localhost').replace(/:\d+$/, '');
  const query = joined([...new URLSearchParams(target.rawQueryString)]);
  return {
    version: '2.0',
    routeKey: matched.routeKey,
    ...target,
    ...(cookie && { cookies: cookie.split(/[;,] */) }),
    headers,
    ...(target.rawQueryString && { queryStringParameters: query }),
    requestContext: {
      accountId,
      apiId,
      domainName,
      domainPrefix: domainName.split('.')[0]!,
      http: {
        method: request.method!,
        path: target.rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: matched.routeKey,
      stage: '$default',
      time: logTime(now),
      timeEpoch: now.getTime(),
      authorizer: undefined as { lambda: unknown } | undefined,
    },
    ...(matched.pathParameters && { pathParameters: matched.pathParameters }),
  };
}

const authorizerEvent = ({ requestContext, ...event }: RequestEvent, identity: string) => ({
  ...event,
  type: 'REQUEST',
  routeArn: `arn:aws:execute-api:us-east-1:${accountId}:${apiId}/$default/${requestContext.http.method}${event.rawPath}`,
  identitySource: [identity],
  requestContext,
});

/** About one connection, not about the request: the gateway keeps them to itself, in both directions. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

function headersOf({ rawHeaders, socket }: IncomingMessage): Record<string, string> {
  const pairs = rawHeaders.flatMap((name, i) =>
    i % 2 === 0 && !hopByHop.has(name.toLowerCase()) ? [[name.toLowerCase(), rawHeaders[i + 1]!] as const] : [],
  );
  return joined([
    ...pairs,
    ['x-forwarded-for', socket.remoteAddress ?? ''],
    ['x-forwarded-port', String(socket.localPort)],
    ['x-forwarded-proto', 'http'],
  ]);
}

/** Format 2.0 has one value for each name: repeated ones are joined by a comma. */
function joined(pairs: (readonly [string, string])[]): Record<string, string> {
  const values = Map.groupBy(pairs, ([name]) => name);
  return Object.fromEntries([...values].map(([name, all]) => [name, all.map(([, value]) => value).join(',')]));
}

/** @returns `12/Mar/2020:19:03:58 +0000`, as web servers' logs have it */
function logTime(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

const textTypes = /^(text\/.*|application\/(.*\+)?(json|xml)|application\/javascript)$/i;

/** A body whose type is not a text's, or not given, goes to the function in base64. */
function encodedBody(body: Buffer, contentType = '') {
  if (body.length === 0) return { isBase64Encoded: false };
  const isText = textTypes.test(contentType.split(';')[0]!.trim());
  return { body: body.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
}

/** Request line and headers as they were on the wire. */
const headBytes = ({ method, url, rawHeaders }: IncomingMessage) =>
  rawHeaders.reduce((bytes, text) => bytes + text.length + 2, `${method} ${url} HTTP/1.1\r\n`.length);

/**
 * @returns undefined as soon as it is too large; what follows is still read, and dropped, so that a client which sends
 *   all before it listens can hear its 413 instead of a reset connection
 */
function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= limits.bodyBytes) chunks.push(chunk);
    else {
      chunks.length = 0;
      resolve(undefined);
    }
  });
  request.on('end', () => resolve(Buffer.concat(chunks)));
  request.on('error', reject);
  return promise;
}

// --- Authorizer ------------------------------------------------------------------------------------------------------

/** A simple response of a Lambda authorizer. */
interface Authorization {
  isAuthorized: boolean;
  context?: unknown;
}

const isAuthorization = (answer: unknown): answer is Authorization =>
  typeof (answer as Authorization | null)?.isAuthorized === 'boolean';

/** The authorizer's answers by identity source alone: what it allows one route, it allows all (architecture.md, 11). */
class Authorizations {
  static readonly #max = 10_000;
  readonly #ttlMs: number;
  readonly #monotonic: () => number;
  readonly #kept = new Map<string, { authorization: Authorization; until: number }>();

  constructor(ttlMs: number, monotonic: () => number) {
    this.#ttlMs = ttlMs;
    this.#monotonic = monotonic;
  }

  find(identity: string): Authorization | undefined {
    const kept = this.#kept.get(identity);
    return kept && this.#monotonic() < kept.until ? kept.authorization : undefined;
  }

  keep(identity: string, authorization: Authorization): void {
    this.#kept.delete(identity); // so that the map stays in the order of expiry
    this.#kept.set(identity, { authorization, until: this.#monotonic() + this.#ttlMs });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > Authorizations.#max) this.#kept.delete(oldest!);
  }

  forget(): void {
    this.#kept.clear();
  }
}

// --- Answers ---------------------------------------------------------------------------------------------------------

interface Answer {
  status: number;
  /** Lower-case names. */
  headers: Record<string, string>;
  cookies?: string[];
  body: string | Buffer;
}

/** What the gateway says by itself, in AWS's form: not the contract's `{"error": …}`. */
const own = (status: number, message: string | null): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message }),
});

const isPreflight = ({ method, headers }: IncomingMessage) =>
  method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;

const preflightAnswer: Answer = {
  status: 204,
  headers: {
    'access-control-allow-methods': 'GET,POST,PUT,DELETE,OPTIONS',
    'access-control-allow-headers': 'content-type,authorization',
    'access-control-max-age': '600',
  },
  body: '',
};

/**
 * Reads a function's result: a response of format 2.0, or any other value, which is then the JSON of a 200.
 * @throws when it is a response that cannot be sent
 */
function integrationAnswer(result: unknown): Answer {
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

function send({ headers }: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const cors = headers.origin === undefined ? {} : { 'access-control-allow-origin': '*' };
  const cookies = answer.cookies?.length ? { 'set-cookie': answer.cookies } : {};
  const length =
    answer.status === 204 || answer.status === 304 ? {} : { 'content-length': Buffer.byteLength(answer.body) };
  response.writeHead(answer.status, { ...answer.headers, ...cookies, ...cors, ...length });
  response.end(answer.body);
}

/** Answers what Node could not read as a request, in the same form. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
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

// --- Server ----------------------------------------------------------------------------------------------------------

const tooLate = Symbol('too late');

/** What is late runs on, as a function in Lambda may, but nobody hears its result. */
async function within<T>(ms: number, work: () => Promise<T>): Promise<T | typeof tooLate> {
  const { promise, resolve } = Promise.withResolvers<typeof tooLate>();
  const timer = setTimeout(resolve, ms, tooLate);
  try {
    return await Promise.race([work(), promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** @returns the port, which the system chose if `port` is 0 */
function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', (error: NodeJS.ErrnoException) => {
    const inUse = `port ${port} is in use: end what listens on it, or choose another with --port`;
    reject(error.code === 'EADDRINUSE' ? new Error(inUse, { cause: error }) : error);
  });
  server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  return promise;
}

function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => server.closeAllConnections(), closeWithinMs);
  // Node closes the idle connections at once, and each other one with its answer.
  server.close(() => {
    clearTimeout(timer);
    resolve();
  });
  return promise;
}
