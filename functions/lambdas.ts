import { jobLambdas } from './jobs.ts';
import { routes } from './routes.ts';

/**
 * Every Lambda there is, each a folder beside this file with a `handler.ts`: the domains of the route table, what runs the
 * jobs, and what neither a route nor a schedule leads to.
 */
export const functionNames: readonly string[] = [
  ...Object.keys(routes),
  ...jobLambdas,
  'authorizer',
  'migrate',
  'spot-events',
];
