import { httpHandler } from '../shared/http.ts';
import { replicaRoutes } from './routes.ts';
import { listReplicas } from './service.ts';

export const handler = httpHandler<typeof replicaRoutes>(replicaRoutes, {
  list: ({ db, now }, { caller, params, query }) =>
    listReplicas(db, { clientId: caller.clientId, ref: params.agent_id, now, query }),
});
