import * as z from 'zod';
import type { Routes } from '../shared/route.ts';

/** What belongs to no domain: the health check, and the answer to a path that is no route. */
export const systemRoutes = {
  health: {
    id: 'X0',
    method: 'GET',
    path: '/health',
    access: 'open',
    scope: 'none',
    summary: 'Whether the control plane can work: 503 when its database does not answer',
    response: z.object({
      status: z.literal('ok'),
      version: z.string(),
      timestamp: z.iso.datetime(),
      database: z.literal('connected'),
      decision_engine_loaded: z.boolean(),
      components: z.object({
        database: z.string(),
        decision_engine: z.string(),
        endpoints_total: z.int(),
        endpoints_active: z.int(),
        blueprints_registered: z.int(),
        background_jobs: z.string(),
      }),
    }),
  },
  // API Gateway gives preflights their CORS headers, but asks the route that they match for the rest; without this one
  // that would be `$default`, whose 404 browsers take for a refusal.
  preflight: {
    id: '-',
    method: 'OPTIONS',
    path: '/{proxy+}',
    access: 'open',
    scope: 'none',
    summary: 'Answers CORS preflights',
    status: 204,
    response: z.object({}),
  },
  notFound: {
    id: '-',
    method: 'ANY',
    path: '$default',
    access: 'open',
    scope: 'none',
    summary: 'Any other path: 404',
    response: z.object({}),
    errors: ['not_found'],
  },
} satisfies Routes;
