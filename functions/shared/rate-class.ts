import type { Route } from './route.ts';

/**
 * Requests a minute (protocol 1.8). `agent`: of one agent, which sends 12 to 13 when nothing happens. `read`, `change` and
 * `export`: of one tenant, whatever its tokens, or of one operator; a console that shows all its pages sends about 60.
 */
export const perMinute = { agent: 240, read: 1200, change: 300, export: 60 } as const;
export type RateClass = keyof typeof perMinute;

/**
 * Of all agents of a tenant, times its instances that may call. Its consoles count apart: what those send
 * takes nothing from its agents.
 */
export const perMinuteForEachAgent = 30;

/**
 * Which limit a route falls under. Routes that ask for no token have the gateway's throttle alone, but for files behind links,
 * which count for who asked for the link.
 */
export function classOf(route: Route): RateClass | undefined {
  if (route.isFile) return 'export';
  if (route.access === 'open' || route.isUrgent) return undefined;
  if (route.access === 'client' && route.path.includes('{agent_id}')) return 'agent';
  return route.method === 'GET' ? 'read' : 'change';
}
