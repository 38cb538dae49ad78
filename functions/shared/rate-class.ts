import type { Route } from './route.ts';

/**
 * Requests a minute (protocol 1.8). `agent`: for each agent; an idle one sends 12 to 13. `read`, `change` and `export`:
 * for each tenant, across all its tokens, or for each operator; a console that shows all its pages sends about 60.
 */
export const perMinute = { agent: 240, read: 1200, change: 300, export: 60 } as const;
export type RateClass = keyof typeof perMinute;

/**
 * Requests a minute for each instance that may call; the tenant's agents share the total. Consoles are counted
 * separately: their requests take nothing from the agents.
 */
export const perMinuteForEachAgent = 30;

/**
 * The limit a route falls under. Routes that ask for no token, and urgent ones, have only the gateway's throttle. Files
 * behind links count against whoever asked for the link.
 */
export function classOf(route: Route): RateClass | undefined {
  if (route.isFile) return 'export';
  if (route.access === 'open' || route.isUrgent) return undefined;
  if (route.access === 'client' && route.path.includes('{agent_id}')) return 'agent';
  return route.method === 'GET' ? 'read' : 'change';
}
