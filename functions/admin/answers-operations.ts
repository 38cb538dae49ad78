import * as z from 'zod';

/** Response shapes of the operators' search, summaries, bulk operations and jobs (protocol 4). */

const time = z.iso.datetime();

const Found = z.object({ id: z.string(), name: z.string(), status: z.string(), client: z.string() });
const results = { clients: z.array(Found), instances: z.array(Found), agents: z.array(Found) };
export const SearchResults = z.object({
  query: z.string(),
  results: z.object(results),
  ...results,
  total_results: z.int(),
});

export const PoolStatistics = z.object({
  total_pools: z.int(),
  active_pools: z.int(),
  total: z.int(),
  active: z.int(),
  regions: z.array(z.string()),
  instance_types: z.array(z.string()),
});

export const AgentHealth = z.object({
  total: z.int(),
  total_agents: z.int(),
  online: z.int(),
  offline: z.int(),
  deleted: z.int(),
  by_client: z.array(
    z.object({ client_id: z.string(), client_name: z.string(), total: z.int(), online: z.int(), offline: z.int() }),
  ),
  recent_offline: z.array(
    z.object({
      id: z.string(),
      logical_agent_id: z.string(),
      client_id: z.string(),
      client_name: z.string(),
      last_heartbeat_at: time.nullable(),
    }),
  ),
});

export const BulkResults = z.object({
  success: z.boolean().meta({ description: 'Whether all of them succeeded' }),
  operation: z.string(),
  succeeded: z.int(),
  failed: z.int(),
  results: z.array(z.object({ agent_id: z.string(), success: z.boolean(), error: z.string().optional() })),
});

export const JobRun = z.object({
  job: z.string(),
  summary: z.string(),
  schedule: z.string(),
  status: z.enum(['never run', 'running', 'succeeded', 'failed', 'abandoned']),
  due_at: time.nullable(),
  started_at: time.nullable(),
  finished_at: time.nullable(),
  rows_changed: z.int().nullable(),
  error: z.string().nullable(),
  abandoned_runs: z.int(),
  abandoned_at: time.nullable(),
});
