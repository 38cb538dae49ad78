import type * as z from 'zod';
import type { ErrorCode } from './errors.ts';
import type { OperatorScope, TenantScope } from './identity.ts';

/**
 * Who may call a route (protocol 1.2).
 * - `client`: a tenant's token. `clientOrAdmin`: the owning tenant's, or an operator's. `admin`: an operator's only.
 * - `open`: the gateway does not authenticate. The route serves everyone (`/health`), or authenticates callers itself
 *   because its failures need a body that the gateway cannot give.
 */
export type Access = 'client' | 'clientOrAdmin' | 'admin' | 'open';

/**
 * The scope the caller's token needs, besides being of the right kind (protocol 1.2); if there are several, any one of
 * them. On a `clientOrAdmin` route an operator may do what the tenant may: a viewer where `read` is enough, an admin
 * everywhere.
 * `none`: the route asks for no token.
 */
type Admission =
  | { readonly access: 'open'; readonly scope: 'none' | readonly TenantScope[] }
  | { readonly access: 'client' | 'clientOrAdmin'; readonly scope: TenantScope | readonly TenantScope[] }
  | { readonly access: 'admin'; readonly scope: OperatorScope };

/**
 * One endpoint. API Gateway's route, the validation of input and output, the dispatch to a handler and the OpenAPI
 * document are all made from this value; nothing else lists routes.
 */
export type Route = Admission & RouteFacts;

interface RouteFacts {
  /** The endpoint's number in docs/protocol.md. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS' | 'ANY';
  /** As API Gateway writes it, `/api/agents/{agent_id}`, or `$default` for what matches no other route. */
  readonly path: string;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /**
   * Whether files may come in a form (multipart/form-data, field `files`) instead of the JSON that `body` describes.
   */
  readonly takesFiles?: true;
  /** Maximum size of the body; 1 MiB when absent. */
  readonly maxBodyBytes?: number;
  readonly response: z.ZodType;
  /** The status of a success; 200 when absent. A 204 has no body. */
  readonly status?: 200 | 201 | 202 | 204;
  /** Whether a response says that nothing was created: it is then a 200 instead of `status`. */
  unchanged?(answer: unknown): boolean;
  /** Whether the response is a page of a list: a bare array, with `x-next-cursor` if there is more (listing.ts). */
  readonly isPaged?: true;
  /** Whether the response is a CSV file, which a browser saves. */
  readonly isFile?: true;
  /** The content type of a success; JSON when absent. */
  readonly contentType?: string;
  /** Whether callers repeat it every minute or so, as they do every GET: they are not kept waiting for the database. */
  readonly isPoll?: boolean;
  /** Whether it delivers an EC2 notice, or reports what was done: no rate limit holds it back (rate-limit.ts). */
  readonly isUrgent?: true;
  /** The failures specific to this route. Those that any route has (400, 401, 403, 503) are not listed. */
  readonly errors?: readonly ErrorCode[];
}

export type Routes = Readonly<Record<string, Route>>;

/** See `Route.isPoll`. */
export const isPoll = (route: Route) => route.isPoll ?? route.method === 'GET';

/** API Gateway's name of a route, which events carry too: `GET /health`, or `$default`. */
export const routeKey = (route: Route) => (route.path === '$default' ? '$default' : `${route.method} ${route.path}`);
