import type { Routes } from '../shared/route.ts';
import { backtestRoutes } from './routes-backtests.ts';
import { extraRoutes } from './routes-extras.ts';
import { fleetRoutes } from './routes-fleet.ts';
import { historyRoutes } from './routes-history.ts';
import { priceRoutes } from './routes-prices.ts';
import { settingsRoutes } from './routes-settings.ts';

/** The routes that consoles call on behalf of a tenant (protocol 10). */
export const clientRoutes = {
  ...fleetRoutes,
  ...settingsRoutes,
  ...priceRoutes,
  ...historyRoutes,
  ...extraRoutes,
  ...backtestRoutes,
} satisfies Routes;
