import middy from '@middy/core';
import type {
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayProxyStructuredResultV2,
  Context,
} from 'aws-lambda';
import type * as z from 'zod';
import { DatabaseError } from './data-api/errors.ts';
import { connect, type Db } from './db.ts';
import { AppError, errorStatus } from './errors.ts';
import { denied, type Identity } from './identity.ts';
import { logger } from './logger.ts';
import { parseRequest } from './request.ts';
import { isPoll, type Route, type Routes, routeKey } from './route.ts';

type Event = APIGatewayProxyEventV2WithLambdaAuthorizer<Identity | undefined>;
type Result = APIGatewayProxyStructuredResultV2;

/** What a handler is given besides its input. */
export interface Call {
  readonly db: Db;
  /** The time of the request, by the gateway's clock. Rules take it from here and ask no other clock. */
  readonly now: Date;
  readonly requestId: string;
  readonly sourceIp: string;
  /** The Authorization header, for a route that authenticates by itself. */
  readonly authorization: string | undefined;
}

type Parsed<T> = T extends z.ZodType ? z.output<T> : undefined;
type Caller<R extends Route> = R['access'] extends 'client'
  ? { readonly clientId: string }
  : R['access'] extends 'clientOrAdmin'
    ? { readonly clientId: string | undefined }
    : undefined;

export interface Input<R extends Route> {
  readonly params: Parsed<R['params']>;
  readonly query: Parsed<R['query']>;
  readonly body: Parsed<R['body']>;
  /** The tenant in whose name the call is made; `undefined` for the admin on a route that both may call. */
  readonly caller: Caller<R>;
}

type Answer<R extends Route> = R['response'] extends z.ZodType<unknown, infer Input> ? Input : never;

/** One function for each route: tsc names a route that has none. */
export type Handlers<T extends Routes> = {
  readonly [K in keyof T]: (call: Call, input: Input<T[K]>) => Promise<Answer<T[K]>>;
};

type AnyHandler = (call: Call, input: Input<Route>) => Promise<unknown>;

/**
 * The Lambda of a domain: it finds the route that the event matched, admits the caller, parses, runs, and checks the answer.
 * Give it the table's type, `httpHandler<typeof agentRoutes>(…)`: if tsc infers it, the literals in answers are widened.
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
    const headers = () => ({ 'content-type': 'application/json', 'x-data-api-calls': String(connection.calls()) });
    try {
      const caller = admit(route, event.requestContext.authorizer?.lambda);
      const call: Call = {
        db: connection.db,
        now: new Date(event.requestContext.timeEpoch),
        requestId: event.requestContext.requestId,
        sourceIp: event.requestContext.http.sourceIp,
        authorization: event.headers.authorization,
      };
      const result = await run(call, { ...parseRequest(route, event), caller } as unknown as Input<Route>);
      const said = route.response.parse(result);
      const statusCode = route.unchanged?.(said) ? 200 : (route.status ?? 200);
      const body = statusCode === 204 ? undefined : JSON.stringify(said);
      logger.info('answered', { route: event.routeKey, dataApiCalls: connection.calls() });
      return { statusCode, headers: headers(), body };
    } catch (error) {
      const failed = failure(error);
      return { ...failed, headers: { ...headers(), ...failed.headers } };
    }
  }

  return middy<Event, Result>()
    .before(({ context }) => {
      logger.addContext(context);
    })
    .handler(answer);
}

/** Admits a caller, or says why not. A caller that is not expressly admitted is refused. */
function admit(route: Route, identity: Identity | undefined): { clientId: string | undefined } | undefined {
  if (route.access === 'open') return undefined;
  if (identity?.role === 'none') throw denied(identity.denial);
  if (identity?.role === 'admin' && route.access === 'admin') return undefined;
  if (identity?.role === 'admin' && route.access === 'clientOrAdmin') return { clientId: undefined };
  if (identity?.role === 'client' && route.access !== 'admin') return { clientId: identity.clientId };
  if (!identity) throw denied('missing_token');
  throw new AppError('forbidden', route.access === 'admin' ? 'Admin credential required' : 'Client token required');
}

/** Seconds, 5 to 15: callers that failed together are not to come back together. */
const retryAfter = () => String(5 + Math.floor(Math.random() * 11));

/** An error as the caller sees it (protocol 1.6): ours in full, one of the database as "try again", any other as a bare 500. */
function failure(error: unknown): Result {
  if (error instanceof AppError)
    return {
      statusCode: errorStatus[error.code],
      body: JSON.stringify({ error: error.message, code: error.code, ...error.detail }),
    };
  if (error instanceof DatabaseError && error.kind !== 'broken') {
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
