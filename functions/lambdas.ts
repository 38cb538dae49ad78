import type { JobLambda } from './jobs.ts';
import type { routes } from './routes.ts';

/** What a Lambda is given: `lib/` deploys it so, and `local/` holds it to the same times. */
export interface Lambda {
  readonly memoryMB: number;
  readonly timeoutSeconds: number;
}

interface AuthorizerLambda extends Lambda {
  /** How long API Gateway keeps an answer, and so how long a token works on after it was replaced (protocol 1.2). */
  readonly cacheSeconds: number;
}

interface QueueLambda extends Lambda {
  /** Messages in a batch. */
  readonly batchSize: number;
  /** Batches at a time. */
  readonly concurrency: number;
  /** How often a message is handed over in all, before it is set aside. */
  readonly maxReceives: number;
  /** For how long nobody else is handed a message that is being handled. */
  readonly visibilitySeconds: number;
}

type Lambdas = Readonly<Record<keyof typeof routes | JobLambda | 'migrate', Lambda>> & {
  readonly authorizer: AuthorizerLambda;
  readonly 'spot-events': QueueLambda;
};

/**
 * For how long a statement waits for a lock, a parameter of the database. MySQL's own 50 s outlast every function that has
 * an agent waiting; and one that ends while it waits leaves the lock to its dead transaction, for three minutes
 * (docs/adr/0025).
 */
export const lockWaitSeconds = 3;

/** Where AWS's price list of all regions is asked for: few serve it. */
export const priceListRegion = 'us-east-1';

/** A third of a vCPU: cold starts and signing are CPU work, and at 256 MB both take twice as long. */
const memoryMB = 512;

/** API Gateway gives up a second later. */
const api: Lambda = { memoryMB, timeoutSeconds: 29 };
/** Ten seconds less than two periods of the jobs: of a run that is killed, the run two minutes later takes over the lease. */
const scheduled: Lambda = { memoryMB, timeoutSeconds: 110 };

/**
 * Every Lambda there is, each a folder beside this file with a `handler.ts`: the domains of the route table, what runs the
 * jobs, and what neither a route nor a schedule leads to.
 */
export const lambdas: Lambdas = {
  agent: api,
  // The ONNX runtime with our model takes 45 MB more, and somebody waits while it loads: half as much CPU again.
  decision: { ...api, memoryMB: 768 },
  replica: api,
  client: api,
  admin: api,
  // The ONNX runtime and a model are 60 MB, in a process beside the function's own.
  model: { ...api, memoryMB: 1024 },
  notification: api,
  webhook: api,
  system: api,
  docs: api,
  jobs: scheduled,
  reconciler: scheduled,
  delivery: scheduled,
  migrate: { memoryMB, timeoutSeconds: 900 },
  // API Gateway waits for an authorizer as long.
  authorizer: { memoryMB, timeoutSeconds: 10, cacheSeconds: 60 },
  'spot-events': {
    memoryMB,
    timeoutSeconds: 10,
    batchSize: 10,
    // A zone that is lost must not take the database's capacity from the agents that then call for help.
    concurrency: 10,
    // For four minutes: a transaction whose caller was killed holds what it has locked for three.
    maxReceives: 12,
    // Twice the timeout. AWS advises six times as much, so that what the function is too busy for is not counted as
    // received; `concurrency` keeps that from happening, and an instance that EC2 takes has two minutes in all.
    visibilitySeconds: 20,
  },
};

export type LambdaName = keyof Lambdas;

export const functionNames: readonly string[] = Object.keys(lambdas);
