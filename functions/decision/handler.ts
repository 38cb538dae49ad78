import { httpHandler } from '../shared/http.ts';
import { decideFor, recommendSwitch } from './decide.ts';
import { decisionRoutes } from './routes.ts';

export const handler = httpHandler<typeof decisionRoutes>(decisionRoutes, {
  decide: ({ db, now }, { caller, params, body }) =>
    decideFor(db, { clientId: caller.clientId, ref: params.agent_id, body }, now),
  switchRecommendation: ({ db, now }, { caller, params }) =>
    recommendSwitch(db, { clientId: caller.clientId, ref: params.agent_id }, now),
});
