import type { JobLambda } from './jobs.ts';
import type { routes } from './routes.ts';

/** A Lambda's resources: `lib/` deploys it with them, and `local/` applies the same timeouts. */
export interface Lambda {
  readonly memoryMB: number;
  readonly timeoutSeconds: number;
}

interface AuthorizerLambda extends Lambda {
  /** How long API Gateway caches a response, and so how long a replaced token still works (protocol 1.2). */
  readonly cacheSeconds: number;
}

interface QueueLambda extends Lambda {
  /** Messages in a batch. */
  readonly batchSize: number;
  /** Batches at a time. */
  readonly concurrency: number;
  /** How often a message is received in all, before it goes to the dead-letter queue. */
  readonly maxReceives: number;
  /** How long a message that is being handled stays hidden from other receivers. */
  readonly visibilitySeconds: number;
}

type Lambdas = Readonly<Record<keyof typeof routes | JobLambda | 'migrate', Lambda>> & {
  readonly authorizer: AuthorizerLambda;
  readonly 'spot-events': QueueLambda;
};

/**
 * How long a statement waits for a lock; a parameter of the database. MySQL's default of 50 s outlasts every function
 * that an agent waits for. A function that ends while it waits leaves the lock to its dead transaction for three
 * minutes (docs/adr/0025).
 */
export const lockWaitSeconds = 3;

/** The region to ask for AWS's price list of all regions: few serve it. */
export const priceListRegion = 'us-east-1';

/** A third of a vCPU: cold starts and signing are CPU work, and at 256 MB both take twice as long. */
const memoryMB = 512;

/** API Gateway times out a second later. */
const api: Lambda = { memoryMB, timeoutSeconds: 29 };
/** Ten seconds less than two periods of the jobs: the lease of a killed run is free for the run two minutes later. */
const scheduled: Lambda = { memoryMB, timeoutSeconds: 110 };

/**
 * Every Lambda, each a folder beside this file with a `handler.ts`: the domains of the route table, those that run the
 * jobs, and those that neither a route nor a schedule calls.
 */
export const lambdas: Lambdas = {
  agent: api,
  // The ONNX runtime with our model takes 45 MB more, and callers wait while it loads: half as much CPU again.
  decision: { ...api, memoryMB: 768 },
  replica: api,
  client: api,
  admin: api,
  // The ONNX runtime and a model take 60 MB, in a process beside the function's own.
  model: { ...api, memoryMB: 1024 },
  notification: api,
  webhook: api,
  system: api,
  docs: api,
  jobs: scheduled,
  reconciler: scheduled,
  delivery: scheduled,
  migrate: { memoryMB, timeoutSeconds: 900 },
  // API Gateway waits this long for an authorizer.
  authorizer: { memoryMB, timeoutSeconds: 10, cacheSeconds: 60 },
  'spot-events': {
    memoryMB,
    timeoutSeconds: 10,
    batchSize: 10,
    // Events of a lost zone must not take the database's capacity from the agents that then call for help.
    concurrency: 10,
    // Four minutes in all: a transaction whose caller was killed keeps its locks for three.
    maxReceives: 12,
    // Twice the timeout. AWS advises six times the timeout, so that messages for which the function is too busy do not
    // count as received. `concurrency` keeps that from happening, and an interrupted instance has two minutes in all.
    visibilitySeconds: 20,
  },
};

export type LambdaName = keyof Lambdas;

export const functionNames: readonly string[] = Object.keys(lambdas);
