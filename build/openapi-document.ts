import * as z from 'zod';
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
import { routes } from '../functions/routes.ts';
import { type ErrorCode, errorStatus } from '../functions/shared/errors.ts';
import {
  admissionCodes,
  type OperatorScope,
  operatorScopeFor,
  type TenantScope,
} from '../functions/shared/identity.ts';
import { classOf } from '../functions/shared/rate-class.ts';
import type { Route } from '../functions/shared/route.ts';
import manifest from '../package.json' with { type: 'json' };
import { exampleOf } from './openapi-examples.ts';
import { describeInput, inputComponents } from './openapi-inputs.ts';
import { linksOf } from './openapi-links.ts';
import { requests } from './request-examples.ts';

const codes = Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]];

/** The body of our handlers' error responses (protocol 1.6). */
const Failure = z
  .looseObject({
    error: z.string().meta({ description: 'For a person' }),
    code: z.enum(codes).meta({ description: 'For a program' }),
    details: z.record(z.string(), z.array(z.string())).optional().meta({ description: 'What is wrong, by field' }),
  })
  .meta({ id: 'Failure' });

/** API Gateway's own error response, sent before a handler sees the request. */
const GatewayFailure = z.object({ message: z.string() }).meta({ id: 'GatewayFailure' });

/** Our 500 response. It has no code, because a caller can do nothing about it. */
const Unexpected = z.object({ error: z.string() }).meta({ id: 'Unexpected' });

/** The credentials that are accepted, any one of them, each with the scope that its token needs (protocol 1.2). */
function securityOf(route: Route): Record<string, OneScope[]>[] {
  if (route.access === 'open') return [];
  if (route.access === 'admin') return [{ adminToken: [route.scope] }];
  const tenants = [route.scope].flat().map((scope) => ({ clientToken: [scope] }));
  return route.access === 'client' ? tenants : [...tenants, { adminToken: [operatorScopeFor(route.scope)] }];
}
type OneScope = TenantScope | OperatorScope;

/** The OpenAPI 3.1 document of every route, in the order of the route tables. */
export function openApiDocument() {
  const document = {
    openapi: '3.1.0',
    info: { title: 'Spot Optimizer', version: manifest.version, description: `${manifest.description}. ${bounds}` },
    servers: [{ url: '/' }],
    paths: paths(),
    components: {
      schemas: inputComponents,
      securitySchemes: {
        clientToken: { type: 'http', scheme: 'bearer', description: "A tenant's token, and what it has to be for" },
        adminToken: { type: 'http', scheme: 'bearer', description: "An operator's token, and what it has to be for" },
      },
    },
  } as const satisfies ZodOpenApiObject;
  return createDocument(document, { override: describeInput });
}

/** What holds for every operation and a schema cannot express. */
const bounds =
  'Bodies have at most 1 MiB where nothing else is said (413), request line and headers 10,240 bytes together (431). Lengths of ' +
  'text are counted in UTF-16 code units. Of the format `cursor` is the empty text, and an `x-next-cursor` that the same list ' +
  'answered before; of the format `time-zone` a name of the IANA time zone database.';

function paths(): ZodOpenApiPathsObject {
  const paths: ZodOpenApiPathsObject = {};
  for (const [domain, table] of Object.entries(routes)) {
    for (const [name, route] of Object.entries<Route>(table)) {
      if (route.id === '-') continue; // "any other path" and preflights are not operations of the API
      paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(domain, name, route) };
    }
  }
  return paths;
}

function operation(domain: string, name: string, route: Route): ZodOpenApiOperationObject {
  return {
    operationId: `${domain}.${name}`,
    tags: [domain],
    summary: route.summary,
    'x-protocol-id': route.id,
    security: securityOf(route),
    // Omitted if there are none: zod-openapi does not accept `undefined`.
    requestParams: { ...(route.params && { path: pathOf(route.params) }), ...(route.query && { query: route.query }) },
    requestBody: route.body && {
      required: !route.body.safeParse({}).success, // no body counts as `{}` (protocol 1.3)
      content: {
        'application/json': { schema: route.body, example: requests[route.id]?.({}) ?? {} },
        ...(route.takesFiles && form),
      },
    },
    responses: {
      ...(route.unchanged && { 200: success('Nothing had to be done', route) }),
      [route.status ?? 200]: success('Success', route),
      ...failures(route),
    },
  };
}

const file = z.string().meta({ format: 'binary' });
const form = { 'multipart/form-data': { schema: z.object({ files: z.array(file).min(1).max(20) }) } };

/** Path parameters as the gateway accepts them: not empty, and within the limit of the request line. */
const pathOf = (params: z.ZodObject) =>
  z.object(
    Object.fromEntries(
      Object.keys(params.shape).map((name) => [name, segment.meta({ example: exampleOf({ type: 'string' }, name) })]),
    ),
  );
const segment = z.string().min(1).max(2000);

const nextCursor = z.object({
  'x-next-cursor': z
    .string()
    .optional()
    .meta({ description: 'Where the next page begins, for the query parameter `cursor`; missing on the last page' }),
});

function success(description: string, route: Route) {
  const { response, isPaged, isFile } = route;
  const links = linksOf(route);
  const example = exampleOf(z.toJSONSchema(response, { io: 'output', unrepresentable: 'any' }));
  return {
    description,
    ...((isPaged || isFile) && { headers: nextCursor }),
    content: { [isFile ? 'text/csv' : (route.contentType ?? 'application/json')]: { schema: response, example } },
    ...(links && { links }),
  };
}

/** One response for each error status of a route; its description lists the codes. */
function failures(route: Route) {
  const byStatus = Object.groupBy(failureCodes(route), (code) => errorStatus[code]);
  return {
    ...Object.fromEntries(Object.entries(byStatus).map(([status, codes]) => [status, failure(status, codes)])),
    429: classOf(route) ? tooManyOfOne : tooMany,
    500: fault,
  };
}

/** Error responses that most routes share: defined once, then referenced. */
const sharedIds: Readonly<Record<string, string>> = {
  invalid_request: 'InvalidRequest',
  'missing_token, invalid_token, token_expired, token_revoked': 'Unauthenticated',
  'client_inactive, forbidden': 'Forbidden',
  body_too_large: 'BodyTooLarge',
  unavailable: 'Unavailable',
};
const shared = new Map<string, ReturnType<typeof newFailure>>();

function failure(status: string, codes: readonly ErrorCode[]) {
  const id = sharedIds[codes.join(', ')];
  if (id === undefined) return newFailure(status, codes);
  const known = shared.get(id) ?? { id, ...newFailure(status, codes) };
  shared.set(id, known);
  return known;
}

function newFailure(status: string, codes: readonly ErrorCode[]) {
  const isGateways = ['401', '403', '413', '503'].includes(status);
  const example = { error: 'What is wrong, for a person', code: codes[0] };
  const refused = z.intersection(Failure, z.looseObject({ code: z.enum(codes as [ErrorCode]) }));
  return {
    description: codes.join(', '),
    ...(status === '503' && { headers: retryAfter }),
    content: json(isGateways ? z.union([refused, GatewayFailure]) : refused, example),
  };
}

function json(schema: z.ZodType, example: unknown) {
  return { 'application/json': { schema, example } };
}

const retryAfter = z.object({
  'retry-after': z
    .string()
    .optional()
    .meta({ description: 'Seconds to wait; missing where the gateway itself answers' }),
});

const tooMany = {
  id: 'TooManyRequests',
  description: 'More requests than the gateway takes (protocol 1.8)',
  content: json(GatewayFailure, { message: 'Too Many Requests' }),
};
const tooManyOfOne = {
  id: 'RateLimited',
  description:
    'rate_limited: more requests than this caller may send in a minute, or than the gateway takes (protocol 1.8)',
  headers: retryAfter,
  content: json(z.union([Failure, GatewayFailure]), {
    error: 'Too many requests: limit `read` is 1200 a minute; try again in 12 s',
    code: 'rate_limited',
    limit: 'read',
    per_minute: 1200,
    retry_after_seconds: 12,
  }),
};
const fault = {
  id: 'Fault',
  description: 'A fault of ours; its cause is logged',
  content: json(z.union([Unexpected, GatewayFailure]), { error: 'Internal server error' }),
};

function failureCodes(route: Route): ErrorCode[] {
  const takesInput = route.params || route.query || route.body;
  const codes = new Set<ErrorCode>([...(route.errors ?? []), 'unavailable']);
  if (takesInput) codes.add('invalid_request');
  if (route.body) codes.add('body_too_large');
  // A1 and C1 are open at the gateway, and check the token themselves.
  if (route.scope !== 'none') for (const code of admissionCodes) codes.add(code);
  return [...codes];
}
