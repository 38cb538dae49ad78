import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { functionNames } from '../../../functions/lambdas.ts';
import type { Route } from '../../../functions/shared/route.ts';
import { type Answered, type Gateway, type GatewayOptions, startGateway } from '../../../local/aws/gateway/server.ts';
import { type Handler, lambdaHost, runAsLambda } from '../../../local/aws/lambda-host.ts';
import { type Clock, VirtualClock } from '../../../local/clock.ts';

const admission = {
  open: { access: 'open', scope: 'none' },
  client: { access: 'client', scope: 'read' },
  admin: { access: 'admin', scope: 'viewer' },
} as const;

const route = (method: Route['method'], path: string, access: keyof typeof admission = 'open'): Route => ({
  id: '-',
  method,
  path,
  ...admission[access],
  summary: '',
  response: z.unknown(),
});

const routes = {
  thing: {
    get: route('GET', '/things/{id}'),
    register: route('POST', '/things/register'),
    any: route('ANY', '/things/{id}/parts/{part}'),
    part: route('PUT', '/things/{id}/parts/{part}'),
    echo: route('POST', '/echo'),
    secret: route('GET', '/secrets/{id}', 'client'),
    secretEcho: route('POST', '/secrets', 'admin'),
  },
  system: { notFound: route('ANY', '$default') },
};

/** The parts of an event that the tests look at. */
interface Event {
  [key: string]: unknown;
  routeKey: string;
  headers: Record<string, string>;
  requestContext: Record<string, unknown>;
}

const clock: Clock = new VirtualClock(new Date('2026-01-02T03:04:05.678Z'));
const open: Gateway[] = [];
beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map((gateway) => gateway.close()));
});

interface Given extends Partial<Omit<GatewayOptions, 'invoke' | 'authorize'>> {
  handler?: Handler;
  authorizer?: Handler;
}

/** A gateway whose handlers return the event they got, unless others are given. */
async function given({ handler = (event) => event, authorizer = allow(), ...options }: Given = {}) {
  const events: Event[] = [];
  const authorizerEvents: Event[] = [];
  const gateway = await startGateway({
    routes,
    clock,
    port: 0,
    invoke: (domain, event, invocation) => {
      events.push(event as Event);
      return runAsLambda(domain, handler, event, invocation);
    },
    authorize: (event) => {
      authorizerEvents.push(event as Event);
      return runAsLambda('authorizer', authorizer, event, { timeoutMs: 10_000 });
    },
    ...options,
  });
  open.push(gateway);
  const call = (path: string, init?: RequestInit) => fetch(gateway.url + path, init);
  /** The event that a call produces. */
  const eventOf = async (path: string, init?: RequestInit) => (await (await call(path, init)).json()) as Event;
  return { gateway, call, eventOf, events, authorizerEvents };
}

const allow = (context?: object) => () => ({ isAuthorized: true, context });
const withToken = (token = 'Bearer token-1') => ({ headers: { authorization: token } });

async function shown(response: Response) {
  return { status: response.status, body: await response.json() };
}

/** Sends raw bytes, as no HTTP client would, and reads until the gateway closes the connection. */
function raw(gateway: Gateway, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(gateway.port, '127.0.0.1', () => socket.end(text));
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk;
  });
  socket.on('end', () => resolve(answer)).on('error', reject);
  return promise;
}

describe('routing', () => {
  it.each([
    ['GET', '/things/7', 'GET /things/{id}'],
    ['POST', '/things/register', 'POST /things/register'],
    ['GET', '/things/register', 'GET /things/{id}'], // the static route has another method
    ['PUT', '/things/7/parts/1', 'PUT /things/{id}/parts/{part}'],
    ['DELETE', '/things/7/parts/1', 'ANY /things/{id}/parts/{part}'],
    ['DELETE', '/things/7', '$default'],
    ['GET', '/things', '$default'],
    ['GET', '/things/', '$default'], // a parameter is never empty
    ['GET', '/things/7/', '$default'],
    ['GET', '/', '$default'],
  ])('%s %s goes to %s', async (method, path, routeKey) => {
    const { eventOf } = await given();
    expect(await eventOf(path, { method })).toMatchObject({ routeKey, requestContext: { routeKey } });
  });

  it('prefers a static segment to a parameter, whatever the order of the table', async () => {
    const { eventOf } = await given({
      routes: { thing: { parameter: route('GET', '/{any}/list'), fixed: route('GET', '/things/{id}') } },
    });
    expect(await eventOf('/things/list')).toMatchObject({ routeKey: 'GET /things/{id}' });
  });

  it('invokes the domain that has the route', async () => {
    const domains: string[] = [];
    const gateway = await startGateway({
      routes,
      clock,
      port: 0,
      authorize: async () => ({}),
      invoke: async (domain) => void domains.push(domain),
    });
    open.push(gateway);
    await fetch(`${gateway.url}/things/7`);
    await fetch(`${gateway.url}/nowhere`);
    expect(domains).toEqual(['thing', 'system']);
  });

  it('answers 404 when nothing matches and there is no $default route', async () => {
    const { call } = await given({ routes: { thing: routes.thing } });
    expect(await shown(await call('/nowhere'))).toEqual({ status: 404, body: { message: 'Not Found' } });
  });
});

describe('events', () => {
  it('are those of payload format 2.0', async () => {
    const { eventOf } = await given();
    const event = await eventOf('/things/a%20b~i-1?x=1&y=%26&x=2', {
      headers: { 'X-One': 'a', cookie: 'k=1; l=2', 'user-agent': 'agent/4' },
    });
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'GET /things/{id}',
      rawPath: '/things/a%20b~i-1',
      rawQueryString: 'x=1&y=%26&x=2',
      cookies: ['k=1', 'l=2'],
      queryStringParameters: { x: '1,2', y: '&' },
      pathParameters: { id: 'a b~i-1' },
      headers: { 'x-one': 'a', 'x-forwarded-proto': 'http' },
      isBase64Encoded: false,
      requestContext: {
        domainName: '127.0.0.1',
        http: {
          method: 'GET',
          path: '/things/a%20b~i-1',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'agent/4',
        },
        stage: '$default',
        time: '02/Jan/2026:03:04:05 +0000',
        timeEpoch: Date.parse('2026-01-02T03:04:05.678Z'),
        requestId: expect.any(String),
        accountId: expect.any(String),
        apiId: expect.any(String),
      },
    });
    expect(event).not.toHaveProperty('body');
    expect(event.headers).not.toHaveProperty('cookie');
    expect(event.headers).not.toHaveProperty('connection');
    expect(event.requestContext).not.toHaveProperty('authorizer');
  });

  it('leave out what a request does not have', async () => {
    const { eventOf } = await given();
    const event = await eventOf('/nowhere');
    for (const key of ['cookies', 'queryStringParameters', 'pathParameters', 'body'])
      expect(event).not.toHaveProperty(key);
    expect(event.rawQueryString).toBe('');
  });

  it('join the values of a repeated header', async () => {
    const { gateway, events } = await given();
    await raw(gateway, 'GET / HTTP/1.1\r\nHost: api.local:80\r\nX-A: 1\r\nx-a: 2\r\nConnection: close\r\n\r\n');
    expect(events[0]).toMatchObject({ headers: { 'x-a': '1,2' }, requestContext: { domainName: 'api.local' } });
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'text/csv',
    'application/problem+json',
  ])('carry %s as text', async (type) => {
    const { eventOf } = await given();
    const event = await eventOf('/echo', { method: 'POST', body: '{"é":1}', headers: { 'content-type': type } });
    expect(event).toMatchObject({ body: '{"é":1}', isBase64Encoded: false });
  });

  it.each([
    'application/octet-stream',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    '',
  ])('carry "%s" in base64', async (type) => {
    const { eventOf } = await given();
    const body = Buffer.from([0, 255, 128, 10]);
    const event = await eventOf('/echo', { method: 'POST', body, headers: type ? { 'content-type': type } : {} });
    expect(event).toMatchObject({ body: body.toString('base64'), isBase64Encoded: true });
  });

  it('have no body for a GET that only names a JSON content type, as agents’ requests do', async () => {
    const { eventOf } = await given();
    const event = await eventOf('/things/7', { headers: { 'content-type': 'application/json' } });
    expect(event).not.toHaveProperty('body');
  });
});

describe('odd paths', () => {
  it.each([
    ['//', '$default', undefined],
    ['//things//7', '$default', undefined],
    ['/things/..%2f..%2fetc', 'GET /things/{id}', { id: '../../etc' }],
    ['/things/../echo', '$default', undefined],
    ['/things/%00', 'GET /things/{id}', { id: '\0' }],
    ['/things/%7E', 'GET /things/{id}', { id: '~' }],
    ['/things/__proto__', 'GET /things/{id}', { id: '__proto__' }],
    ['/things/7?__proto__=1&a=%zz', 'GET /things/{id}', { id: '7' }],
    ['http://elsewhere/things/7?a=1', 'GET /things/{id}', { id: '7' }],
  ])('%s', async (target, routeKey, pathParameters) => {
    const { gateway, events } = await given();
    await raw(gateway, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(events).toMatchObject([{ routeKey }]);
    expect(events[0]!.pathParameters).toEqual(pathParameters);
  });

  it.each(['/things/%', '/things/%zz', '/things/%c3%28', '/%ff'])('%s is a bad request', async (target) => {
    const { gateway, events } = await given();
    const answer = await raw(gateway, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 400 .*\{"message":"Bad Request"\}$/s);
    expect(events).toEqual([]);
  });

  it.each([
    'GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n',
    'nonsense\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
  ])('what is not a request (%j) is refused, and the next one served', async (text) => {
    const { gateway, call } = await given();
    expect(await raw(gateway, text)).toMatch(/^HTTP\/1.1 400 /);
    expect((await call('/things/7')).status).toBe(200);
  });
});

describe('responses', () => {
  it('of format 2.0 are sent as they are, without their CORS headers', async () => {
    const handler = () => ({
      statusCode: 201,
      headers: { 'Content-Type': 'text/csv', 'X-Count': 3, 'Content-Length': 999, 'Access-Control-Allow-Origin': 'x' },
      cookies: ['a=1; Secure', 'b=2'],
      body: 'é,1',
    });
    const { call } = await given({ handler });
    const response = await call('/echo', { method: 'POST' });
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('text/csv');
    expect(response.headers.get('x-count')).toBe('3');
    expect(response.headers.getSetCookie()).toEqual(['a=1; Secure', 'b=2']);
    expect(response.headers.has('access-control-allow-origin')).toBe(false);
    expect(await response.text()).toBe('é,1');
  });

  it('in base64 are sent decoded', async () => {
    const { call } = await given({ handler: () => ({ statusCode: 200, body: 'AP+A', isBase64Encoded: true }) });
    expect(Buffer.from(await (await call('/things/7')).arrayBuffer())).toEqual(Buffer.from([0, 255, 128]));
  });

  it('have the content type that API Gateway sets if the function sets none', async () => {
    const { call } = await given({ handler: () => ({ statusCode: 200, body: 'hello' }) });
    expect((await call('/things/7')).headers.get('content-type')).toBe('text/plain;charset=UTF-8');
  });

  it.each([[{ a: 1 }], [[1, 2]], [null]])('without a status, %j, become the JSON of a 200', async (result) => {
    const { call } = await given({ handler: () => result });
    const response = await call('/things/7');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await shown(response)).toEqual({ status: 200, body: result });
  });

  it.each([
    ['a thrown error', () => Promise.reject(new Error('secret'))],
    ['a status that is none', () => ({ statusCode: 'ok' })],
    ['a body that is no text', () => ({ statusCode: 200, body: { a: 1 } })],
    ['a header that cannot be sent', () => ({ statusCode: 200, headers: { 'x-a': 'a\r\nb: c' } })],
    ['more than Lambda can answer', () => ({ statusCode: 200, body: 'x'.repeat(6 * 1024 * 1024) })],
  ])('that are %s become a 500 that reveals nothing', async (_, handler) => {
    const { call } = await given({ handler });
    expect(await shown(await call('/things/7'))).toEqual({ status: 500, body: { message: 'Internal Server Error' } });
  });

  it('that come too late become a 503', async () => {
    const { call } = await given({ handler: () => new Promise(() => {}), integrationTimeoutMs: 30 });
    expect(await shown(await call('/things/7'))).toEqual({ status: 503, body: { message: 'Service Unavailable' } });
  });
});

describe('the authorizer', () => {
  it('is asked with a version 2.0 request event, and its context reaches the handler', async () => {
    const { call, events, authorizerEvents } = await given({ authorizer: allow({ clientId: 'c1', level: 2 }) });
    await call('/secrets/s1?a=1', withToken());
    expect(authorizerEvents).toMatchObject([
      {
        version: '2.0',
        type: 'REQUEST',
        routeArn: expect.stringMatching(/^arn:aws:execute-api:.*\/\$default\/GET\/secrets\/s1$/),
        identitySource: ['Bearer token-1'],
        routeKey: 'GET /secrets/{id}',
        rawPath: '/secrets/s1',
        rawQueryString: 'a=1',
        headers: { authorization: 'Bearer token-1' },
        pathParameters: { id: 's1' },
        requestContext: { stage: '$default', timeEpoch: Date.parse('2026-01-02T03:04:05.678Z') },
      },
    ]);
    expect(events).toMatchObject([{ requestContext: { authorizer: { lambda: { clientId: 'c1', level: 2 } } } }]);
  });

  it('is not asked about an open route', async () => {
    const { call, authorizerEvents } = await given();
    expect((await call('/things/7', withToken())).status).toBe(200);
    expect(authorizerEvents).toEqual([]);
  });

  it.each([undefined, ''])('is not asked when the Authorization header is %j: 401', async (token) => {
    const { call, events, authorizerEvents } = await given();
    const response = await call('/secrets/s1', { headers: token === undefined ? {} : { authorization: token } });
    expect(await shown(response)).toEqual({ status: 401, body: { message: 'Unauthorized' } });
    expect([...events, ...authorizerEvents]).toEqual([]);
  });

  it('denies access: 403', async () => {
    const { call, events } = await given({ authorizer: () => ({ isAuthorized: false }) });
    expect(await shown(await call('/secrets/s1', withToken()))).toEqual({
      status: 403,
      body: { message: 'Forbidden' },
    });
    expect(events).toEqual([]);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no database'))],
    ['answers something else', () => ({ policyDocument: {} })],
    ['answers nothing', () => undefined],
    ['takes too long', () => new Promise(() => {})],
  ])('%s: 500, and is asked again', async (_, authorizer) => {
    const { call, authorizerEvents } = await given({ authorizer, authorizerTimeoutMs: 30 });
    expect(await shown(await call('/secrets/s1', withToken()))).toEqual({
      status: 500,
      body: { message: 'Internal Server Error' },
    });
    await call('/secrets/s1', withToken());
    expect(authorizerEvents).toHaveLength(2);
  });

  it('is not asked again about the same header on any route, until the time to live has passed', async () => {
    let ms = 0;
    const { call, authorizerEvents } = await given({ monotonic: () => ms });
    await call('/secrets/s1', withToken());
    await call('/secrets/s2', withToken());
    ms = 59_999;
    await call('/secrets', { method: 'POST', ...withToken() });
    expect(authorizerEvents).toHaveLength(1);
    await call('/secrets/s1', withToken('token-2'));
    expect(authorizerEvents).toHaveLength(2);
    ms = 60_000;
    await call('/secrets/s1', withToken());
    expect(authorizerEvents).toHaveLength(3);
  });

  it('has its denials cached too', async () => {
    const { call, authorizerEvents } = await given({ authorizer: () => ({ isAuthorized: false }) });
    await call('/secrets/s1', withToken());
    expect((await call('/secrets/s1', withToken())).status).toBe(403);
    expect(authorizerEvents).toHaveLength(1);
  });

  it('is asked each time if the time to live is 0, and again after its responses are forgotten', async () => {
    const always = await given({ authorizerTtlSeconds: 0 });
    await always.call('/secrets/s1', withToken());
    await always.call('/secrets/s1', withToken());
    expect(always.authorizerEvents).toHaveLength(2);

    const kept = await given();
    await kept.call('/secrets/s1', withToken());
    kept.gateway.forgetAuthorizations();
    await kept.call('/secrets/s1', withToken());
    expect(kept.authorizerEvents).toHaveLength(2);
  });
});

describe('limits', () => {
  const tooLarge = { status: 413, body: { message: 'Request Entity Too Large' } };
  const mebibytes = (n: number) => Buffer.alloc(n * 1024 * 1024, 'a');
  const post = (body: Buffer | string) => ({ method: 'POST', body, headers: { 'content-type': 'text/plain' } });

  it('refuses a body of more than 10 MB', async () => {
    const { call, events } = await given();
    expect(await shown(await call('/echo', post(Buffer.concat([mebibytes(10), Buffer.from('a')]))))).toEqual(tooLarge);
    expect(events).toEqual([]);
  });

  it('answers a client that reads only after it has sent everything, and keeps the connection', async () => {
    const { gateway } = await given();
    const size = 40 * 1024 * 1024;
    const answer = await raw(
      gateway,
      `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n${'a'.repeat(size)}` +
        'GET /things/7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
  });

  it('refuses a body of unknown length as soon as it is too large', async () => {
    const { gateway } = await given();
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const sent = httpRequest(`${gateway.url}/echo`, { method: 'POST' }, (response) => resolve(response.statusCode));
    sent.on('error', reject);
    sent.write(mebibytes(11)); // and never ends
    expect(await promise).toBe(413);
    sent.removeListener('error', reject).on('error', () => {});
    sent.destroy();
  });

  it('refuses an event of more than 6 MB, which Lambda would not accept', async () => {
    const { call, events } = await given({ handler: () => ({}) });
    expect((await call('/echo', post(mebibytes(5)))).status).toBe(200);
    expect(await shown(await call('/echo', post(mebibytes(6))))).toEqual(tooLarge);
    const binary = { method: 'POST', body: mebibytes(5) }; // a third more in base64
    expect(await shown(await call('/echo', binary))).toEqual(tooLarge);
    expect(events).toHaveLength(1);
  });

  it('refuses a request line and headers of more than 10,240 bytes', async () => {
    const { gateway } = await given();
    const line = 'GET / HTTP/1.1\r\n';
    const head = (bytes: number) => {
      const fixed = `${line}Host: x\r\nConnection: close\r\nX-Fill: \r\n`.length;
      return `${line}Host: x\r\nConnection: close\r\nX-Fill: ${'a'.repeat(bytes - fixed)}\r\n\r\n`;
    };
    expect(await raw(gateway, head(10_240))).toMatch(/^HTTP\/1.1 200 /);
    expect(await raw(gateway, head(10_241))).toMatch(/^HTTP\/1.1 431 .*"message"/s);
    expect(await raw(gateway, head(100_000))).toMatch(/^HTTP\/1.1 431 .*"message"/s);
  });
});

describe('CORS', () => {
  const origin = 'https://console.example';

  it('answers a preflight request itself, even where a token is needed', async () => {
    const { call, events, authorizerEvents } = await given();
    const response = await call('/secrets/s1', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
    });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET,POST,PUT,DELETE,OPTIONS',
      'access-control-allow-headers': 'content-type,authorization',
      'access-control-max-age': '600',
    });
    expect([...events, ...authorizerEvents]).toEqual([]);
  });

  it('leaves an OPTIONS request that is not a preflight to its route', async () => {
    const { eventOf } = await given();
    expect(await eventOf('/things/7', { method: 'OPTIONS', headers: { origin } })).toMatchObject({
      routeKey: '$default',
    });
  });

  it.each([
    ['/things/7', 200],
    ['/secrets/s1', 401],
    ['/things/%zz', 400],
  ])('lets any origin read the response to %s, a %i', async (path, status) => {
    const { call } = await given();
    const response = await call(path, { headers: { origin } });
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('is left out for requests that name no origin', async () => {
    const { call } = await given();
    expect((await call('/things/7')).headers.has('access-control-allow-origin')).toBe(false);
  });
});

describe('the server', () => {
  it('reports each response, and how many Data API calls it took', async () => {
    const answers: Answered[] = [];
    const handler = () => ({ statusCode: 200, headers: { 'x-data-api-calls': '3' }, body: '{}' });
    const { call } = await given({ handler, onAnswer: (answered) => answers.push(answered) });
    await call('/things/7');
    await call('/secrets/s1');
    expect(answers).toEqual([
      { routeKey: 'GET /things/{id}', status: 200, ms: expect.any(Number), dataApiCalls: 3 },
      { routeKey: 'GET /secrets/{id}', status: 401, ms: expect.any(Number), dataApiCalls: undefined },
    ]);
  });

  it('keeps a connection open for the next request', async () => {
    const { gateway } = await given();
    const one = 'GET /things/7 HTTP/1.1\r\nHost: x\r\n\r\n';
    const answer = await raw(gateway, one + one);
    expect(answer.match(/HTTP\/1.1 200/g)).toHaveLength(2);
  });

  it('survives a client that disconnects in the middle of its body', async () => {
    const { gateway, call } = await given();
    await raw(gateway, 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf');
    expect((await call('/things/7')).status).toBe(200);
  });

  it('closes at once if no request is in flight, even if clients keep their connections', async () => {
    const { gateway, call } = await given();
    await (await call('/things/7')).text();
    const started = performance.now();
    await gateway.close();
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('lets a request in flight finish before it closes', async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<object>();
    const handler = () => {
      asked.resolve();
      return answer.promise;
    };
    const { gateway, call } = await given({ handler });
    const response = call('/things/7');
    await asked.promise;
    const started = performance.now();
    const closed = gateway.close();
    answer.resolve({ ok: true });
    expect(await shown(await response)).toEqual({ status: 200, body: { ok: true } });
    await closed;
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('names the port that is in use, and the option to choose another', async () => {
    const { gateway } = await given();
    await expect(given({ port: gateway.port })).rejects.toThrow(new RegExp(`port ${gateway.port} is in use.*--port`));
  });
});

describe('the Lambda host', () => {
  it('passes only JSON in and out', async () => {
    const seen: unknown[] = [];
    const handler = (event: unknown) => {
      seen.push(event);
      return { at: new Date(0), nothing: undefined };
    };
    const event = { at: new Date(0), nothing: undefined };
    const json = { at: '1970-01-01T00:00:00.000Z' };
    expect(await runAsLambda('thing', handler, event, { timeoutMs: 1000 })).toStrictEqual(json);
    expect(seen).toStrictEqual([json]);
  });

  it('tells a handler its name and its remaining time, and gives up when that runs out', async () => {
    const handler: Handler = (_, context) => [context.functionName, context.getRemainingTimeInMillis()];
    const [name, left] = (await runAsLambda('thing', handler, {}, { timeoutMs: 5000 })) as [string, number];
    expect(name).toBe('thing');
    expect(left).toBeGreaterThan(4000);
    expect(left).toBeLessThanOrEqual(5000);
    const never = () => new Promise(() => {});
    await expect(runAsLambda('thing', never, {}, { timeoutMs: 20 })).rejects.toThrow('thing took more than 0.02 s');
  });

  it('loads each bundle once per host, and says how to build those that are missing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bundles-'));
    try {
      expect(() => lambdaHost(directory)).toThrow(/agent.*migrate.*npm run build/);
      for (const name of functionNames) {
        await mkdir(join(directory, name));
        await writeFile(join(directory, name, 'index.js'), 'let calls = 0; exports.handler = async () => ++calls;');
      }
      const call = { timeoutMs: 1000 };
      const host = lambdaHost(directory);
      expect([await host('agent', {}, call), await host('agent', {}, call)]).toEqual([1, 2]);
      expect(await lambdaHost(directory)('agent', {}, call)).toBe(1);
      await expect(host('nobody', {}, call)).rejects.toThrow('there is no function nobody');
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
