import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Matched } from './routing.ts';

const accountId = '000000000000';
const apiId = 'local';

export type RequestEvent = ReturnType<typeof requestEvent>;

interface Target {
  rawPath: string;
  rawQueryString: string;
}

/** @returns undefined when the path cannot be percent-decoded */
export function targetOf({ url = '/' }: IncomingMessage): Target | undefined {
  const relative = url.replace(/^https?:\/\/[^/?]*/i, ''); // clients of a proxy send the whole URL
  const query = relative.indexOf('?');
  const rawPath = query < 0 ? relative : relative.slice(0, query);
  try {
    decodeURIComponent(rawPath);
  } catch {
    return undefined;
  }
  return { rawPath, rawQueryString: query < 0 ? '' : relative.slice(query + 1) };
}

/** The members that the integration's and the authorizer's events share. */
export function requestEvent(request: IncomingMessage, target: Target, matched: Matched, now: Date) {
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

export const authorizerEvent = ({ requestContext, ...event }: RequestEvent, identity: string) => ({
  ...event,
  type: 'REQUEST',
  routeArn: `arn:aws:execute-api:us-east-1:${accountId}:${apiId}/$default/${requestContext.http.method}${event.rawPath}`,
  identitySource: [identity],
  requestContext,
});

/** Headers about one connection rather than the request: the gateway forwards them in neither direction. */
export const hopByHop = new Set([
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

/** Format 2.0 has one value per name: repeated ones are joined by a comma. */
function joined(pairs: (readonly [string, string])[]): Record<string, string> {
  const values = Map.groupBy(pairs, ([name]) => name);
  return Object.fromEntries([...values].map(([name, all]) => [name, all.map(([, value]) => value).join(',')]));
}

/** @returns `12/Mar/2020:19:03:58 +0000`, as in web servers' logs */
function logTime(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

const textTypes = /^(text\/.*|application\/(.*\+)?(json|xml)|application\/javascript)$/i;

/** A body whose type is missing, or is not a text type, reaches the function in base64. */
export function encodedBody(body: Buffer, contentType = '') {
  if (body.length === 0) return { isBase64Encoded: false };
  const isText = textTypes.test(contentType.split(';')[0]!.trim());
  return { body: body.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
}

/** Size of the request line and headers as they were on the wire. */
export const headBytes = ({ method, url, rawHeaders }: IncomingMessage) =>
  rawHeaders.reduce((bytes, text) => bytes + text.length + 2, `${method} ${url} HTTP/1.1\r\n`.length);
