import type * as z from 'zod';
import type { ErrorCode } from './errors.ts';

/**
 * Who may call a route (protocol 1.2).
 * - `client`: a tenant's token. `clientOrAdmin`: the owning tenant's, or the admin credential. `admin`: the latter only.
 * - `open`: the gateway does not authenticate. The route answers everyone (`/health`), or authenticates by itself because its
 *   failures need a body of their own, which the gateway cannot give.
 */
export type Access = 'client' | 'clientOrAdmin' | 'admin' | 'open';

/**
 * One endpoint. API Gateway's route, the validation of what comes in and goes out, the dispatch to a handler and the
 * OpenAPI document are all made from this value; nothing else lists routes.
 */
export interface Route {
  /** The endpoint's number in docs/protocol.md. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS' | 'ANY';
  /** As API Gateway writes it, `/api/agents/{agent_id}`, or `$default` for what matches no other route. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly response: z.ZodType;
  /** Of a success; 200 when absent. A 204 has no body. */
  readonly status?: 200 | 201 | 204;
  /** Whether an answer says that nothing was made: it is a 200, where all others are `status`. */
  unchanged?(answer: unknown): boolean;
  /** Whether callers repeat it every minute or so, as they do every GET: then they are not kept waiting for the database. */
  readonly isPoll?: boolean;
  /** The failures of this route itself. Those that any route has (400, 401, 403, 503) are not listed. */
  readonly errors?: readonly ErrorCode[];
}

export type Routes = Readonly<Record<string, Route>>;

/** See `Route.isPoll`. */
export const isPoll = (route: Route) => route.isPoll ?? route.method === 'GET';

/** API Gateway's name of a route, which events carry too: `GET /health`, or `$default`. */
export const routeKey = (route: Route) => (route.path === '$default' ? '$default' : `${route.method} ${route.path}`);
