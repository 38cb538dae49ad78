import * as z from 'zod';
import { Csv, ExportLink, openExport } from '../core/wire.ts';
import { keptCursor, pageQuery } from '../shared/cursor.ts';
import { visibleText } from '../shared/fields.ts';
import type { Route, Routes } from '../shared/route.ts';
import { AgentHealth, BulkResults, JobRun, PoolStatistics, SearchResults } from './answers-operations.ts';

/** The most tenants in one CSV file. */
export const statsPerFile = 1000;

export const searchable = ['clients', 'instances', 'agents'] as const;

const SearchQuery = z.object({
  q: visibleText(64, 2),
  types: z
    .string()
    .max(64)
    .meta({ pattern: '^((clients|instances|agents)(,(clients|instances|agents))*)?$' })
    .optional()
    .transform((list) => (list ? list.split(',') : [...searchable]))
    .pipe(z.array(z.enum(searchable))),
});

/** What the operators' read-only routes have in common. */
const look = { method: 'GET', access: 'admin', scope: 'viewer' } as const satisfies Partial<Route>;

const search = {
  ...look,
  summary:
    'Searches tenants by part of their name, and instances and agents by the start of their id; up to ten of each',
  query: SearchQuery,
  response: SearchResults,
} as const;
const poolStatistics = { ...look, summary: 'How many pools are known, and where', response: PoolStatistics } as const;
const agentHealth = {
  ...look,
  summary: 'How many agents there are, per tenant, and which went offline recently',
  response: AgentHealth,
} as const;

/** Routes for export, search, statistics, bulk operations and jobs (protocol 4). */
export const operationRoutes = {
  exportStats: {
    ...look,
    id: 'X7',
    path: '/api/admin/export/global-stats',
    summary: 'The active tenants, largest savings first, as CSV',
    query: pageQuery('X7', { usual: statsPerFile, most: statsPerFile }),
    isFile: true,
    response: Csv,
  },
  linkToExport: {
    id: 'X35',
    method: 'POST',
    path: '/api/admin/export-links',
    access: 'admin',
    scope: 'viewer',
    summary: 'A link to this file that a browser can open without an Authorization header',
    body: z.object({ export: z.literal('global-stats'), cursor: keptCursor('X7') }),
    response: ExportLink,
  },
  openExport: { ...openExport, id: 'X36', path: '/api/admin/exports/{link}' },
  search: { ...search, id: 'X10', path: '/api/admin/search' },
  // searchOfOld, poolStatisticsOfOld and agentHealthOfOld keep the paths that older consoles call.
  searchOfOld: { ...search, id: 'E4', path: '/api/search' },
  poolStatistics: { ...poolStatistics, id: 'X11', path: '/api/admin/pools/statistics' },
  poolStatisticsOfOld: { ...poolStatistics, id: 'E5', path: '/api/admin/pool-statistics' },
  agentHealth: { ...agentHealth, id: 'X12', path: '/api/admin/agents/health-summary' },
  agentHealthOfOld: { ...agentHealth, id: 'E6', path: '/api/admin/agent-health' },
  bulk: {
    id: 'X13',
    method: 'POST',
    path: '/api/admin/bulk/execute',
    access: 'admin',
    scope: 'admin',
    summary: 'Deletes, enables or disables many agents, each independently of the others',
    body: z.object({
      operation: z.enum(['delete_agents', 'enable_agents', 'disable_agents']),
      agent_ids: z.array(z.string().min(1).max(128)).min(1).max(50),
      confirm: z.literal(true, 'must be true: this changes many agents'),
    }),
    response: BulkResults,
  },
  jobs: {
    ...look,
    id: 'X26',
    path: '/api/admin/jobs',
    summary: 'The background jobs, and how the last run of each went',
    response: z.object({ jobs: z.array(JobRun) }),
  },
} satisfies Routes;
