import { routes } from '../functions/routes.ts';
import type { Route } from '../functions/shared/route.ts';

/** Where to find ids, as OpenAPI runtime expressions, keyed by the path parameter that takes each id. */
type Ids = Readonly<Record<string, string>>;

/** The ids known after these operations succeed, by the route's number in docs/protocol.md. */
const learnt: Readonly<Record<string, Ids>> = {
  D1: { client_id: '$response.body#/client/id' },
  T1: { client_id: '$request.path.client_id', token_id: '$response.body#/id' },
  X30: { client_id: '$request.path.client_id', alert_id: '$response.body#/alert_id' },
  E12: { client_id: '$request.path.client_id', run_id: '$response.body#/run_id' },
  E15: { client_id: '$response.body#/client_id', run_id: '$response.body#/run_id' },
  O1: { operator_id: '$response.body#/id' },
  A1: {
    agent_id: '$response.body#/agent_id',
    client_id: '$response.body#/client_id',
    instance_id: '$request.body#/instance_id',
  },
  A4: { agent_id: '$request.path.agent_id', command_id: '$response.body#/0/id' },
  R1: { agent_id: '$request.path.agent_id', replica_id: '$response.body#/replica_id' },
  N1: { notif_id: '$response.body#/0/id' },
};

const parametersOf = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

const operations = Object.entries(routes).flatMap(([domain, table]) =>
  Object.entries<Route>(table).map(([name, { path, id }]) => ({
    id,
    operationId: `${domain}.${name}`,
    parameters: parametersOf(path),
  })),
);

/**
 * The operations that a response leads to: their paths take only ids known by then, including at least one that was not
 * in the request's path.
 * @returns OpenAPI links by name; undefined if the response has no new ids
 */
export function linksOf(route: Route) {
  const ids = learnt[route.id];
  if (!ids) return undefined;
  const isNew = (name: string) => name in ids && !ids[name]!.startsWith('$request.path');
  const followed = operations.filter(
    ({ parameters }) => parameters.some(isNew) && parameters.every((name) => name in ids),
  );
  return Object.fromEntries(
    followed.map(({ operationId, parameters }) => [
      operationId,
      { operationId, parameters: Object.fromEntries(parameters.map((name) => [`path.${name}`, ids[name]!])) },
    ]),
  );
}
