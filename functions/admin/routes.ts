import type { Routes } from '../shared/route.ts';
import { backtestRoutes } from './routes-backtests.ts';
import { clientAdminRoutes } from './routes-clients.ts';
import { operationRoutes } from './routes-operations.ts';
import { overviewRoutes } from './routes-overview.ts';
import { planRoutes } from './routes-plans.ts';
import { priceRoutes } from './routes-prices.ts';
import { tokenRoutes } from './routes-tokens.ts';

/** The routes that operators call, and those for tokens of tenants and operators (protocol 4). */
export const adminRoutes = {
  ...clientAdminRoutes,
  ...overviewRoutes,
  ...operationRoutes,
  ...tokenRoutes,
  ...priceRoutes,
  ...planRoutes,
  ...backtestRoutes,
} satisfies Routes;
