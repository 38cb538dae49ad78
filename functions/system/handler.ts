import { sql } from 'kysely';
import packageJson from '../../package.json' with { type: 'json' };
import { routes } from '../routes.ts';
import type { Db } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import { httpHandler } from '../shared/http.ts';
import { systemRoutes } from './routes.ts';

/** Existing agents and consoles know 63 endpoints. The route table says how many are served; N4 and later are newer. */
const endpointsTotal = 63;
const endpointsActive = Object.values(routes)
  .flatMap((table) => Object.values(table))
  .filter((route) => /^([ARCD]\d+|N[1-3])$/.test(route.id)).length;

/** How long the database counts as connected after a response. Limits the queries, as anybody may call this route. */
const freshMs = 5_000;
let connectedAt = Number.NEGATIVE_INFINITY;

/** Throws if the database does not respond, which becomes a 503 as on every route. A failure is not cached. */
async function requireDatabase(db: Db, now: Date) {
  const age = now.getTime() - connectedAt;
  if (age >= 0 && age < freshMs) return;
  await sql`SELECT 1 AS one`.execute(db);
  connectedAt = now.getTime();
}

export const handler = httpHandler<typeof systemRoutes>(systemRoutes, {
  health: async ({ db, now }) => {
    await requireDatabase(db, now);
    return {
      status: 'ok',
      version: packageJson.version,
      timestamp: now.toISOString(),
      database: 'connected',
      decision_engine_loaded: true,
      components: {
        database: 'connected',
        decision_engine: 'policy A and rules',
        endpoints_total: endpointsTotal,
        endpoints_active: endpointsActive,
        blueprints_registered: Object.keys(routes).length,
        background_jobs: 'scheduled',
      },
    };
  },
  preflight: async () => ({}),
  notFound: async () => {
    throw new AppError('not_found', 'Not found');
  },
});
