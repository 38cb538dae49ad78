import * as z from 'zod';
import type { Routes } from '../shared/route.ts';
import { ofClient } from './routes-clients.ts';

/** No plan has no limit: a tenant whose script runs wild would fill the database. */
const most = z.int().min(0).max(1_000_000);

/** How many agents and instances a tenant may have (protocol 4). */
export const planRoutes = {
  readPlan: {
    id: 'E8',
    method: 'GET',
    path: '/api/admin/clients/{client_id}/plan',
    access: 'admin',
    scope: 'viewer',
    summary: "How many agents and instances a tenant's plan allows, and how many it has",
    params: ofClient,
    response: z.object({
      client_id: z.string(),
      max_agents: z.int(),
      max_instances: z.int(),
      agents: z.int().meta({ description: 'That are not deleted' }),
      instances: z.int().meta({ description: 'That run, as primaries or standbys' }),
    }),
    errors: ['client_not_found'],
  },
  setPlan: {
    id: 'E9',
    method: 'PUT',
    path: '/api/admin/clients/{client_id}/plan',
    access: 'admin',
    scope: 'admin',
    summary: 'Sets how many agents and instances a tenant may have; what it has beyond that stays',
    params: ofClient,
    body: z.object({ max_agents: most, max_instances: most }),
    response: z.object({ success: z.literal(true), max_agents: z.int(), max_instances: z.int() }),
    errors: ['client_not_found'],
  },
} satisfies Routes;
