import { createHash, randomBytes, randomInt } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection } from 'mariadb';
import { type JobEvent, jobs } from '../functions/jobs.ts';
import { type LambdaName, lambdas } from '../functions/lambdas.ts';
import type { Login } from '../functions/migrate/app-user.ts';
import type { RotationEvent } from '../functions/migrate/rotate.ts';
import { routes } from '../functions/routes.ts';
import type { Limits } from './aws/data-api/limits.ts';
import { startDataApi } from './aws/data-api/server.ts';
import { type Ec2Api, startEc2Api } from './aws/ec2-api/server.ts';
import { EventQueue } from './aws/event-queue.ts';
import { type Answered, type Gateway, startGateway } from './aws/gateway/server.ts';
import { startKms } from './aws/kms.ts';
import { type Invocation, type Invoke, lambdaHost } from './aws/lambda-host.ts';
import { LambdaThreads } from './aws/lambda-threads.ts';
import { type PriceList, startPriceList } from './aws/price-list.ts';
import { startS3 } from './aws/s3/server.ts';
import { Scheduler } from './aws/scheduler.ts';
import { type Secrets, startSecrets } from './aws/secrets.ts';
import { type Sns, startSns } from './aws/sns.ts';
import { type SpotAdvisor, startSpotAdvisor } from './aws/spot-advisor.ts';
import type { Clock } from './clock.ts';
import type { Measures } from './dashboard/measures.ts';
import { startDatabase } from './database/server.ts';
import {
  appSecretArn,
  type Environment,
  functionEnvironment,
  masterSecretArn,
  modelBucket,
  secretAccessKey,
  setEnvironment,
} from './environment.ts';

export interface ControlPlaneOptions {
  /** The port of the API; 0: any free port. */
  port: number;
  /** What is kept between runs: the database's files and secret, the key that encrypts client tokens, the admin token. */
  dataDir: string;
  /** A server that is already running; without it, one is started on `dataDir`, and stopped with the control plane. */
  database?: DatabaseServer;
  /** The schema on that server, created if missing. */
  databaseName?: string;
  /** Starts with empty data. */
  fresh?: boolean;
  clock: Clock;
  authorizerTtlSeconds?: number;
  /** Overrides the functions' usual environment. */
  environment?: Environment;
  /** Number of threads for the functions, so that more than one core is used; without it they run in this thread. */
  functionThreads?: number;
  /** Runs the functions instead of either. */
  functions?: Invoke;
  /** Overrides AWS's limits of the Data API. */
  dataApiLimits?: Partial<Limits>;
  /** Called with lines worth knowing, such as an installation or a failed job; writes to stderr if omitted. */
  say?: (line: string) => void;
  onAnswer?: (answered: Answered) => void;
  /** Collects what CloudWatch would; with `functionThreads`, also the metrics that functions emit. */
  measures?: Measures;
}

export interface DatabaseServer {
  host: string;
  port: number;
  user: string;
  password: string;
}

export interface ControlPlane {
  readonly url: string;
  readonly adminToken: string;
  readonly dataApi: Awaited<ReturnType<typeof startDataApi>>;
  /** STS and EC2 of the tenants' AWS accounts. */
  readonly ec2: Ec2Api;
  /** The tenants' topics. */
  readonly sns: Sns;
  /** AWS's price list. */
  readonly priceList: PriceList;
  readonly spotAdvisor: SpotAdvisor;
  /** Not started: a simulation calls `runDue`, `npm start` calls `start`. */
  readonly scheduler: Scheduler;
  readonly gateway: Gateway;
  /** Runs a function by name. Its timeout is that in AWS unless `invocation` sets one. */
  invoke(name: LambdaName, event: unknown, invocation?: Partial<Invocation>): Promise<unknown>;
  /** Rotates the password by which the functions log in to the database, as Secrets Manager does every month. */
  rotatePassword(step?: (event: RotationEvent) => Promise<unknown>): Promise<void>;
  /** Runs a job in its Lambda. */
  runJob(event: JobEvent): Promise<unknown>;
  /** The queue of EC2's events. It does not deliver by itself: a simulation calls `deliverDue` as its time passes. */
  readonly events: EventQueue;
  /** Delivers events of EC2 without waiting for the clock; returns when each is handled or given up. */
  postEvents(events: readonly unknown[]): Promise<void>;
  /** The events that were given up, as text. */
  readonly deadLetters: readonly string[];
  /** Stops everything, in reverse order of starting. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts the whole control plane in this process: the built functions, and the stand-ins for AWS around them. Only one
 * per process at a time, because the functions' environment is the process's.
 * @throws Error when a bundle is missing, the port is in use, or the database does not start; nothing is left running
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { clock, dataDir, databaseName = 'spot_optimizer', fresh = false, say = console.error } = options;
  const running = new Running();
  try {
    const { measures } = options;
    const host = options.functions ?? hostOf(options, running);
    const run: ControlPlane['invoke'] = (name, event, { timeoutMs = lambdas[name].timeoutSeconds * 1000 } = {}) =>
      host(name, event, { timeoutMs });
    const invoke = measures ? measured(run, measures) : run;
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const adminToken = await keptAdminToken(join(dataDir, 'admin-token'));

    const database =
      options.database ?? running.keep(await startDatabase({ dataDir: join(dataDir, 'database'), fresh, say }));
    await makeSchema(database, databaseName, fresh);
    const file = join(dataDir, 'database-secret');
    const secrets = running.keep(await startSecrets({ id: appSecretArn, file, initial: newAppSecret(databaseName) }));
    const readSecret = async (arn: string) => (arn === masterSecretArn ? database : loginIn(secrets, arn));
    const dataApi = running.keep(await startDataApi({ database, readSecret, limits: options.dataApiLimits }));
    const kms = running.keep(await startKms({ keyFile: join(dataDir, 'kms-key') }));
    const directory = join(dataDir, 's3');
    const s3 = running.keep(await startS3({ directory, bucket: modelBucket, secretAccessKey }));
    const ec2 = running.keep(await startEc2Api());
    const sns = running.keep(await startSns());
    const priceList = running.keep(await startPriceList());
    const spotAdvisor = running.keep(await startSpotAdvisor());

    const environment = {
      ...functionEnvironment({
        dataApiUrl: dataApi.url,
        kmsUrl: kms.url,
        secretsUrl: secrets.url,
        s3Url: s3.url,
        ec2Url: ec2.url,
        snsUrl: sns.url,
        priceListUrl: priceList.url,
        spotAdvisorUrl: spotAdvisor.url,
        databaseName,
        adminTokenSha256: createHash('sha256').update(adminToken).digest('hex'),
      }),
      ...(measures && { POWERTOOLS_METRICS_DISABLED: 'false' }),
      ...options.environment,
    };
    running.keep(setEnvironment(environment));
    await invoke('migrate', {});

    const gateway = running.keep(
      await startGateway({
        routes,
        invoke: (domain, event) => invoke(domain as keyof typeof routes, event),
        authorize: (event) => invoke('authorizer', event),
        clock,
        port: options.port,
        authorizerTtlSeconds: options.authorizerTtlSeconds,
        onAnswer: (answered) => {
          measures?.answered(answered);
          options.onAnswer?.(answered);
        },
      }),
    );
    const runJob = (event: JobEvent) => {
      measures?.began(event);
      return invoke(jobs[event.job].runsIn, event);
    };
    const scheduler = running.keep(new Scheduler({ jobs, clock, say, run: runJob }));
    const events = new EventQueue({ clock, run: (event) => invoke('spot-events', event) });
    return {
      url: gateway.url,
      adminToken,
      dataApi,
      ec2,
      sns,
      priceList,
      spotAdvisor,
      scheduler,
      gateway,
      invoke,
      rotatePassword: (step = (event) => invoke('migrate', event)) => secrets.rotate(step),
      runJob,
      events,
      postEvents: (batch) => events.post(batch),
      deadLetters: events.deadLetters,
      stop: () => running.stop(),
    };
  } catch (error) {
    await running.stop().catch((failure) => say(String(failure))); // `error` is what the caller needs
    throw error;
  }
}

type Part = { stop(): Promise<void> } | { close(): Promise<void> };

function hostOf({ functionThreads: size, measures }: ControlPlaneOptions, running: Running): Invoke {
  if (!size) return lambdaHost();
  return running.keep(new LambdaThreads({ size, onMetrics: measures && ((line) => measures.readLine(line)) })).invoke;
}

/** Records how long each invocation took, and whether it failed. */
const measured =
  (run: ControlPlane['invoke'], measures: Measures): ControlPlane['invoke'] =>
  async (name, event, invocation) => {
    const began = performance.now();
    let hasFailed = true;
    try {
      const result = await run(name, event, invocation);
      hasFailed = false;
      return result;
    } finally {
      measures.invoked(name, { ms: performance.now() - began, hasFailed });
    }
  };

/** What was started, to be stopped in reverse order. */
class Running {
  readonly #parts: Part[] = [];
  #stopped: Promise<void> | undefined;

  keep<T extends Part>(part: T): T {
    this.#parts.push(part);
    return part;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const failures: unknown[] = [];
    for (const part of this.#parts.toReversed())
      await ('stop' in part ? part.stop() : part.close()).catch((failure) => failures.push(failure));
    if (failures.length > 0) throw new AggregateError(failures, `could not stop everything: ${failures.join('; ')}`);
  }
}

async function makeSchema(server: DatabaseServer, name: string, fresh: boolean): Promise<void> {
  if (!/^\w{1,64}$/.test(name)) throw new Error(`database name ${name}: only letters, digits and _ are allowed`);
  const { host, port, user, password } = server;
  const connection = await createConnection({ host, port, user, password });
  try {
    if (fresh) await connection.query(`DROP DATABASE IF EXISTS \`${name}\``);
    await connection.query(`CREATE DATABASE IF NOT EXISTS \`${name}\` CHARACTER SET utf8mb4`);
  } finally {
    await connection.end();
  }
}

/** The application's user, one per schema on a server; the first migration creates it. */
function newAppSecret(databaseName: string): string {
  const username = `app_${createHash('sha256').update(databaseName).digest('hex').slice(0, 12)}`;
  return JSON.stringify({ username, password: randomBytes(20).toString('hex') });
}

function loginIn(secrets: Secrets, arn: string) {
  const text = secrets.read(arn);
  if (text === undefined) return undefined;
  const { username, password } = JSON.parse(text) as Login;
  return { user: username, password };
}

/** The admin token in a file that only its owner can read, created at the first start. */
async function keptAdminToken(file: string): Promise<string> {
  try {
    await writeFile(file, newAdminToken(), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return (await readFile(file, 'utf8')).trim();
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const newAdminToken = () => `admin-${Array.from({ length: 40 }, () => letters[randomInt(letters.length)]).join('')}`;
