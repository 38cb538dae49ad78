import { adminRoutes } from './admin/routes.ts';
import { agentRoutes } from './agent/routes.ts';
import { clientRoutes } from './client/routes.ts';
import { decisionRoutes } from './decision/routes.ts';
import { docsRoutes } from './docs/routes.ts';
import { modelRoutes } from './model/routes.ts';
import { notificationRoutes } from './notification/routes.ts';
import { replicaRoutes } from './replica/routes.ts';
import type { Routes } from './shared/route.ts';
import { systemRoutes } from './system/routes.ts';
import { webhookRoutes } from './webhook/routes.ts';

/**
 * Every endpoint, by domain. A domain is a folder beside this file and a Lambda of its own. `lib/api.ts` makes API
 * Gateway's routes from this table, `local/gateway` the local ones, `build/openapi.ts` the OpenAPI document.
 */
export const routes = {
  agent: agentRoutes,
  decision: decisionRoutes,
  replica: replicaRoutes,
  client: clientRoutes,
  admin: adminRoutes,
  model: modelRoutes,
  notification: notificationRoutes,
  webhook: webhookRoutes,
  system: systemRoutes,
  docs: docsRoutes,
} satisfies Record<string, Routes>;
