import * as z from 'zod';
import type { Routes } from '../shared/route.ts';
import { mostOfPlan, ofClient } from './routes-clients.ts';

/** Routes for tenants' plans: how many agents and instances a tenant may have (protocol 4). */
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
      agents: z.int().meta({ description: 'Agents that are not deleted' }),
      instances: z.int().meta({ description: 'Running primaries and standbys' }),
    }),
    errors: ['client_not_found'],
  },
  setPlan: {
    id: 'E9',
    method: 'PUT',
    path: '/api/admin/clients/{client_id}/plan',
    access: 'admin',
    scope: 'admin',
    summary: 'Sets how many agents and instances a tenant may have; existing ones beyond the limit are kept',
    params: ofClient,
    body: z.object({ max_agents: mostOfPlan, max_instances: mostOfPlan }),
    response: z.object({ success: z.literal(true), max_agents: z.int(), max_instances: z.int() }),
    errors: ['client_not_found'],
  },
} satisfies Routes;
