import middy from '@middy/core';
import type {
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayProxyStructuredResultV2,
  Context,
} from 'aws-lambda';
import type * as z from 'zod';
import type { CsvFile } from './csv.ts';
import { DatabaseError } from './data-api/errors.ts';
import { sayUsage } from './data-api/usage.ts';
import { connect, type Db } from './db.ts';
import { logEnv } from './env.ts';
import { AppError, errorStatus } from './errors.ts';
import { denied, type Identity, operatorScopeFor, requireScope } from './identity.ts';
import type { Page } from './listing.ts';
import { logger } from './logger.ts';
import { countRequest } from './rate-limit.ts';
import { parseRequest, type RawBody } from './request.ts';
import { isPoll, type Route, type Routes, routeKey } from './route.ts';

type Event = APIGatewayProxyEventV2WithLambdaAuthorizer<Identity | undefined>;
type Result = APIGatewayProxyStructuredResultV2;

/** What a handler gets besides its input. */
export interface Call {
  readonly db: Db;
  /** The time of the request, by the gateway's clock. Rules use it and no other clock. */
  readonly now: Date;
  readonly requestId: string;
  readonly sourceIp: string;
  /** The Authorization header, for a route that authenticates callers itself. */
  readonly authorization: string | undefined;
}

/** Who acts, and from where, for the audit log. */
export const byOf = ({ sourceIp }: Call, { actor }: { readonly actor: string }) => ({ actor, sourceIp });

type Parsed<T> = T extends z.ZodType ? z.output<T> : undefined;
interface Actor {
  readonly actor: string;
  readonly tokenId: string;
}
type Caller<R extends Route> = R['access'] extends 'client'
  ? Actor & { readonly clientId: string }
  : R['access'] extends 'clientOrAdmin'
    ? Actor & { readonly clientId: string | undefined }
    : R['access'] extends 'admin'
      ? Actor
      : undefined;

export interface Input<R extends Route> {
  readonly params: Parsed<R['params']>;
  readonly query: Parsed<R['query']>;
  readonly body: R extends { readonly takesFiles: true } ? Parsed<R['body']> | RawBody : Parsed<R['body']>;
  /**
   * The caller. `clientId` is the tenant that the request acts for; `undefined` for an operator, on a route open to
   * both. `actor` is the token's name for the audit log, `tokenId` its id.
   */
  readonly caller: Caller<R>;
}

type Body<R extends Route> = R['response'] extends z.ZodType<unknown, infer Input> ? Input : never;

/** What a route's function returns: the body; for a list, a page whose items are the body; or a file. */
type Answer<R extends Route> = R extends { readonly isPaged: true }
  ? Body<R> extends readonly (infer Item)[]
    ? Page<Item>
    : never
  : R extends { readonly isFile: true }
    ? CsvFile
    : Body<R>;

/** One function for each route; tsc reports a route that has none. */
export type Handlers<T extends Routes> = {
  readonly [K in keyof T]: (call: Call, input: Input<T[K]>) => Promise<Answer<T[K]>>;
};

type AnyHandler = (call: Call, input: Input<Route>) => Promise<unknown>;

/**
 * The Lambda handler of a domain: finds the matched route, admits the caller, parses the request, runs the route's
 * function and checks the response. Pass the table's type, `httpHandler<typeof agentRoutes>(…)`: if tsc infers it, the
 * literals in responses are widened.
 */
export function httpHandler<T extends Routes>(routes: T, handlers: Handlers<T>) {
  const table = new Map(
    Object.entries(routes).map(([name, route]) => [routeKey(route), { route, run: handlers[name] as AnyHandler }]),
  );

  async function answer(event: Event, context: Context): Promise<Result> {
    const found = table.get(event.routeKey);
    if (!found)
      throw new Error(`no handler for ${event.routeKey}: the gateway and this bundle are of different builds`);
    const { route, run } = found;
    const connection = connect(() => context.getRemainingTimeInMillis(), { isPoll: isPoll(route) });
    let callsOfCounting = 0;
    const calls = () => connection.calls() + callsOfCounting;
    const headers = () => ({ 'content-type': 'application/json', 'x-data-api-calls': String(calls()) });
    try {
      const identity = event.requestContext.authorizer?.lambda;
      const caller = admit(route, identity);
      const call: Call = {
        db: connection.db,
        now: new Date(event.requestContext.timeEpoch),
        requestId: event.requestContext.requestId,
        sourceIp: event.requestContext.http.sourceIp,
        authorization: event.headers.authorization,
      };
      if (identity && identity.role !== 'none')
        callsOfCounting = await countRequest({ route, identity, agentRef: event.pathParameters?.agent_id }, call.now);
      const result = await run(call, { ...parseRequest(route, event), caller } as unknown as Input<Route>);
      if (Math.random() < logEnv().LOG_SUCCESS_SHARE)
        logger.info('answered', { route: event.routeKey, dataApiCalls: calls() });
      const success = successOf(route, result);
      return { ...success, headers: { ...headers(), ...success.headers } };
    } catch (error) {
      const failed = failure(error);
      if (error instanceof AppError) logger.info('refused', { route: event.routeKey, code: error.code });
      return { ...failed, headers: { ...headers(), ...failed.headers } };
    } finally {
      sayUsage(new Date(event.requestContext.timeEpoch));
    }
  }

  return middy<Event, Result>()
    .before(({ context }) => {
      logger.addContext(context);
    })
    .handler(answer);
}

/** Makes the HTTP response from what a route's function returned; fields that its schema does not have are dropped. */
function successOf(route: Route, result: unknown): Result {
  if (route.isFile) {
    const { name, text, next } = result as CsvFile;
    const disposition = `attachment; filename="${name}"`;
    const file = { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': disposition };
    return { statusCode: 200, headers: { ...file, ...nextHeader(next) }, body: text };
  }
  const { items, next } = route.isPaged ? (result as Page<unknown>) : { items: result };
  const said = route.response.parse(items);
  const statusCode = route.unchanged?.(said) ? 200 : (route.status ?? 200);
  return { statusCode, headers: nextHeader(next), body: statusCode === 204 ? undefined : JSON.stringify(said) };
}

const nextHeader = (next: string | undefined): Record<string, string> => (next ? { 'x-next-cursor': next } : {});

/** Admits a caller, or throws the reason why not. A caller that is not explicitly admitted is refused. */
function admit(route: Route, identity: Identity | undefined): (Actor & { clientId?: string }) | undefined {
  if (route.access === 'open') return undefined;
  if (!identity) throw denied('missing_token');
  if (identity.role === 'none') throw denied(identity.denial);
  if (identity.role === 'operator' && route.access !== 'client') {
    requireScope(identity.scopes, route.access === 'admin' ? route.scope : operatorScopeFor(route.scope));
    return { actor: identity.actor, tokenId: identity.tokenId };
  }
  if (identity.role === 'client' && route.access !== 'admin') {
    requireScope(identity.scopes, route.scope);
    return { clientId: identity.clientId, actor: identity.actor, tokenId: identity.tokenId };
  }
  throw new AppError('forbidden', route.access === 'admin' ? 'Admin credential required' : 'Client token required');
}

/** Seconds, 5 to 15: jittered, so that callers that failed together do not come back together. */
const retryAfter = () => String(5 + Math.floor(Math.random() * 11));

/**
 * An error as the caller sees it (protocol 1.6): an `AppError` in full, most database failures as "try again", others
 * as a bare 500.
 */
function failure(error: unknown): Result {
  if (error instanceof AppError)
    return {
      statusCode: errorStatus[error.code],
      ...(error.detail.retry_after_seconds !== undefined && {
        headers: { 'retry-after': String(error.detail.retry_after_seconds) },
      }),
      body: JSON.stringify({ error: error.message, code: error.code, ...error.detail }),
    };
  if (error instanceof DatabaseError && error.kind !== 'broken' && error.kind !== 'too_large') {
    logger.warn('database call failed', { kind: error.kind, error });
    return {
      statusCode: errorStatus.unavailable,
      headers: { 'retry-after': retryAfter() },
      body: JSON.stringify({ error: 'The database is not available; nothing is lost, try again', code: 'unavailable' }),
    };
  }
  logger.error('unexpected error', { error: error as Error });
  return { statusCode: 500, body: JSON.stringify({ error: 'Internal server error' }) };
}
