import * as z from 'zod';
import { countField, pageQuery } from '../shared/cursor.ts';
import type { Routes } from '../shared/route.ts';
import {
  Activity,
  FleetAgents,
  FleetInstances,
  Growth,
  ListedClient,
  Stats,
  SystemHealth,
} from './answers-overview.ts';

export const InstancesQuery = pageQuery('D9', { usual: 500, most: 500 }).extend({
  status: z.enum(['all', 'active', 'terminated']).default('all'),
  mode: z.enum(['all', 'spot', 'ondemand']).default('all'),
  region: z.string().max(32).optional(),
  search: z.string().max(64).optional(),
});
export type InstancesQuery = z.output<typeof InstancesQuery>;

export const AgentsQuery = pageQuery('D10', { usual: 500, most: 500 }).extend({
  status: z.enum(['all', 'online', 'offline', 'disabled', 'switching', 'error', 'deleted']).default('all'),
});
export type AgentsQuery = z.output<typeof AgentsQuery>;

/** Routes for an overview of all tenants and the whole fleet (protocol 4). */
export const overviewRoutes = {
  clients: {
    id: 'D5',
    method: 'GET',
    path: '/api/admin/clients',
    access: 'admin',
    scope: 'viewer',
    summary: 'The tenants, newest first, with their agents, instances and savings',
    query: pageQuery('D5', { usual: 500, most: 500 }),
    isPaged: true,
    response: z.array(ListedClient),
  },
  stats: {
    id: 'D6',
    method: 'GET',
    path: '/api/admin/stats',
    access: 'admin',
    scope: 'viewer',
    summary: 'Totals of the platform: tenants, agents, pools, savings, switches',
    response: Stats,
  },
  growth: {
    id: 'D7',
    method: 'GET',
    path: '/api/admin/clients/growth',
    access: 'admin',
    scope: 'viewer',
    summary: 'How many tenants there were at the end of each day, oldest first; days without a count are left out',
    query: z.object({ days: countField(30, 365) }),
    response: Growth,
  },
  activity: {
    id: 'D8',
    method: 'GET',
    path: '/api/admin/activity',
    access: 'admin',
    scope: 'viewer',
    summary: 'Recent events, newest first',
    query: pageQuery('D8', { usual: 50, most: 200 }),
    isPaged: true,
    response: z.array(Activity),
  },
  fleetInstances: {
    id: 'D9',
    method: 'GET',
    path: '/api/admin/instances',
    access: 'admin',
    scope: 'viewer',
    summary: 'The instances of all tenants, newest first',
    query: InstancesQuery,
    response: FleetInstances,
  },
  fleetAgents: {
    id: 'D10',
    method: 'GET',
    path: '/api/admin/agents',
    access: 'admin',
    scope: 'viewer',
    summary: 'The agents of all tenants, latest heartbeat first',
    query: AgentsQuery,
    response: FleetAgents,
  },
  systemHealth: {
    id: 'D11',
    method: 'GET',
    path: '/api/admin/system-health',
    access: 'admin',
    scope: 'viewer',
    summary: 'The health of the control plane: its database, decision engine and jobs',
    response: SystemHealth,
  },
} satisfies Routes;
