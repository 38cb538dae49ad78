import * as z from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { routes } from '../functions/routes.ts';
import { type ErrorCode, errorStatus } from '../functions/shared/errors.ts';
import type { Access, Route } from '../functions/shared/route.ts';
import manifest from '../package.json' with { type: 'json' };

const codes = Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]];

/** What our handlers answer when they refuse (protocol 1.6). */
const Failure = z
  .looseObject({
    error: z.string().meta({ description: 'For a person' }),
    code: z.enum(codes).meta({ description: 'For a program' }),
    details: z.record(z.string(), z.array(z.string())).optional().meta({ description: 'What is wrong, by field' }),
  })
  .meta({ id: 'Failure' });

/** What API Gateway answers by itself, before a handler sees the request; the body is AWS's. */
const GatewayFailure = z.object({ message: z.string() }).meta({ id: 'GatewayFailure' });

const security: Record<Access, Record<string, string[]>[]> = {
  client: [{ clientToken: [] }],
  clientOrAdmin: [{ clientToken: [] }, { adminToken: [] }],
  admin: [{ adminToken: [] }],
  open: [],
};

/** The OpenAPI 3.1 document of every route, in the order of the route tables. */
export function openApiDocument() {
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Spot Optimizer', version: manifest.version, description: manifest.description },
    servers: [{ url: '/' }],
    paths: paths(),
    components: {
      securitySchemes: {
        clientToken: { type: 'http', scheme: 'bearer', description: "A tenant's token" },
        adminToken: { type: 'http', scheme: 'bearer', description: "The operator's credential" },
      },
    },
  });
}

function paths(): ZodOpenApiPathsObject {
  const paths: ZodOpenApiPathsObject = {};
  for (const [domain, table] of Object.entries(routes)) {
    for (const [name, route] of Object.entries<Route>(table)) {
      if (route.id === '-') continue; // "any other path" and preflights are no operations of ours
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
    security: security[route.access],
    // Left out where there is none: zod-openapi does not take `undefined` for "none".
    requestParams: { ...(route.params && { path: route.params }), ...(route.query && { query: route.query }) },
    requestBody: route.body && {
      required: !route.body.safeParse({}).success, // no body counts as `{}` (protocol 1.3)
      content: { 'application/json': { schema: route.body } },
    },
    responses: {
      ...(route.unchanged && { 200: success('Nothing had to be done', route) }),
      [route.status ?? 200]: success('Success', route),
      ...failures(route),
    },
  };
}

const success = (description: string, { response }: Route) => ({
  description,
  content: { 'application/json': { schema: response } },
});

/** One response for each status with which a route may refuse; its description lists the codes. */
function failures(route: Route) {
  const byStatus = Object.groupBy(failureCodes(route), (code) => errorStatus[code]);
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, codes]) => {
      const schema = ['401', '403', '503'].includes(status) ? z.union([Failure, GatewayFailure]) : Failure;
      return [status, { description: codes.join(', '), content: { 'application/json': { schema } } }];
    }),
  );
}

function failureCodes(route: Route): ErrorCode[] {
  const takesInput = route.params || route.query || route.body;
  const codes: ErrorCode[] = [...(route.errors ?? []), 'unavailable'];
  if (takesInput) codes.push('invalid_request');
  if (route.body) codes.push('body_too_large');
  if (route.access !== 'open') codes.push('missing_token', 'invalid_token', 'client_inactive');
  if (route.access === 'admin') codes.push('forbidden');
  return codes;
}
