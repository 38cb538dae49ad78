import * as z from 'zod';
import type { Routes } from '../shared/route.ts';

/** A replica as v4 agents and consoles read it; agents take `pool` or the flat `pool_id` and `az`. */
export const Replica = z
  .object({
    id: z.string(),
    instance_id: z.string().nullable(),
    type: z.string(),
    status: z.string(),
    is_active: z.boolean(),
    pool_id: z.string(),
    az: z.string(),
    pool: z.object({ id: z.string(), name: z.string(), instance_type: z.string(), region: z.string(), az: z.string() }),
    sync_status: z.string(),
    sync_latency_ms: z.number().nullable(),
    state_transfer_progress: z.number(),
    cost: z.object({ hourly: z.number().nullable(), total: z.number() }),
    created_by: z.string(),
    created_at: z.iso.datetime(),
    ready_at: z.iso.datetime().nullable(),
    terminated_at: z.iso.datetime().nullable(),
    age_seconds: z.int(),
    tags: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Replica' });

/** Standby endpoints (contract 4). */
export const replicaRoutes = {
  list: {
    id: 'R2',
    method: 'GET',
    path: '/api/agents/{agent_id}/replicas',
    access: 'clientOrAdmin',
    summary: 'The standbys of an agent, newest first',
    params: z.object({ agent_id: z.string() }),
    query: z.object({
      status: z.enum(['launching', 'syncing', 'ready', 'promoted', 'terminated', 'failed']).optional(),
      include_terminated: z.enum(['true', 'false']).default('false'),
    }),
    response: z.object({ replicas: z.array(Replica), total: z.int() }),
    errors: ['agent_not_found'],
  },
} satisfies Routes;
