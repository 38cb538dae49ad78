import * as z from 'zod';
import type { Routes } from '../shared/route.ts';

/** Routes that belong to no domain: the health check, CORS preflights, and the 404 for unknown paths. */
export const systemRoutes = {
  health: {
    id: 'X0',
    method: 'GET',
    path: '/health',
    access: 'open',
    scope: 'none',
    summary: 'Whether the control plane can work: 503 when its database does not respond',
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
  // API Gateway adds the CORS headers to preflights but takes the rest of the response from the matching route. Without
  // this route that would be `$default`, and browsers treat its 404 as a refusal.
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
