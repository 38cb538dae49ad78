import type { IncomingMessage, ServerResponse } from 'node:http';
import { lambdas } from '../../../functions/lambdas.ts';
import type { Routes } from '../../../functions/shared/route.ts';
import type { Clock } from '../../clock.ts';
import type { Invoke } from '../lambda-host.ts';
import { late, orLate } from '../late.ts';
import { readBody, serveOnLoopback } from '../loopback-server.ts';
import { type Answer, integrationAnswer, isPreflight, own, preflightAnswer, refuse, send } from './answers.ts';
import { Authorizer } from './authorizer.ts';
import { encodedBody, headBytes, type RequestEvent, requestEvent, targetOf } from './events.ts';
import { type Matched, router } from './routing.ts';

export interface GatewayOptions {
  /** By domain, as in functions/routes.ts. */
  routes: Readonly<Record<string, Routes>>;
  /** Runs the Lambda of a domain on an event of payload format 2.0. */
  invoke: Invoke;
  /** Runs the Lambda authorizer on a REQUEST event of version 2.0. */
  authorize(event: unknown): Promise<unknown>;
  /** Source of the `timeEpoch` of requests. */
  clock: Clock;
  /** 0: any free port. */
  port: number;
  /** How long the authorizer's response is cached per Authorization header; as in AWS if omitted; 0: not at all. */
  authorizerTtlSeconds?: number;
  integrationTimeoutMs?: number;
  authorizerTimeoutMs?: number;
  /** A monotonic clock in milliseconds: the authorizer's responses expire by it, whatever `clock` does. */
  monotonic?: () => number;
  onAnswer?: (answered: Answered) => void;
}

export interface Answered {
  /** `-` if the gateway responded before it chose a route. */
  routeKey: string;
  status: number;
  ms: number;
  /** The handler's `x-data-api-calls`; undefined if it sent none, or the gateway itself responded. */
  dataApiCalls: number | undefined;
}

export interface Gateway {
  readonly url: string;
  readonly port: number;
  /** Empties the authorizer's cache, as if its entries had expired. */
  forgetAuthorizations(): void;
  /** Accepts no more requests, gives those in progress a moment to finish, and closes every connection. */
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

/** Longer than agents wait between two requests (60 s), so that none meets a connection that is just being closed. */
const keepAliveMs = 75_000;
const closeWithinMs = 2000;

/**
 * Serves a route table on 127.0.0.1 like an API Gateway HTTP API with the `$default` stage: routing, events, the Lambda
 * authorizer and its cache, CORS, limits, and the gateway's own responses.
 * @throws PortInUse
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const integrationMs = options.integrationTimeoutMs ?? limits.integrationMs;
  const ttlSeconds = options.authorizerTtlSeconds ?? lambdas.authorizer.cacheSeconds;
  const authorizer = new Authorizer({
    authorize: options.authorize,
    timeoutMs: options.authorizerTimeoutMs ?? limits.authorizerMs,
    ttlMs: ttlSeconds * 1000,
    monotonic: options.monotonic ?? (() => performance.now()),
  });
  const match = router(options.routes);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    const { routeKey, answer } = await handle(request);
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
      const authorization = await authorizer.authorizationOf(event, identity);
      if (!authorization) return own(500, 'Internal Server Error');
      if (!authorization.isAuthorized) return own(403, 'Forbidden');
      event.requestContext.authorizer = { lambda: authorization.context ?? null };
    }

    const body = await readBody(request, limits.bodyBytes);
    if (!body) return own(413, 'Request Entity Too Large');
    const complete = { ...event, ...encodedBody(body, event.headers['content-type']) };
    if (Buffer.byteLength(JSON.stringify(complete)) > limits.eventBytes) return own(413, 'Request Entity Too Large');

    try {
      const result = await orLate(integrationMs, () => options.invoke(domain, complete, { timeoutMs: integrationMs }));
      return result === late ? own(503, 'Service Unavailable') : integrationAnswer(result);
    } catch (error) {
      console.error(`${event.routeKey}: ${domain} failed:`, error);
      return own(500, 'Internal Server Error');
    }
  }

  const server = await serveOnLoopback(serve, {
    port: options.port,
    graceMs: closeWithinMs,
    refuse,
    // The head may exceed the quota, so that our own check responds. What exceeds even this is not parsed as a request.
    server: { maxHeaderSize: 64 * 1024, keepAliveTimeout: keepAliveMs, requestTimeout: 60_000 },
  });
  return {
    url: server.url,
    port: server.port,
    forgetAuthorizations: () => authorizer.forget(),
    close: () => server.close(),
  };
}
