import { sql } from 'kysely';
import packageJson from '../../package.json' with { type: 'json' };
import { routes } from '../routes.ts';
import { AppError } from '../shared/errors.ts';
import { httpHandler } from '../shared/http.ts';
import { systemRoutes } from './routes.ts';

/** The system is to have 63 endpoints; how many of them there are is read off the route table. */
const endpointsTotal = 63;
const endpointsActive = Object.values(routes)
  .flatMap((table) => Object.values(table))
  .filter((route) => /^[ARCDN]\d/.test(route.id)).length;

export const handler = httpHandler<typeof systemRoutes>(systemRoutes, {
  /** A database that does not answer throws, and is answered with 503 like everywhere. */
  health: async ({ db, now }) => {
    await sql`SELECT 1 AS one`.execute(db);
    return {
      status: 'ok',
      version: packageJson.version,
      timestamp: now.toISOString(),
      database: 'connected',
      decision_engine_loaded: true,
      components: {
        database: 'connected',
        decision_engine: 'rules',
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
