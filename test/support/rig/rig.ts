import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RDSDataClient } from '@aws-sdk/client-rds-data';
import { inject } from 'vitest';
import type { JobName } from '../../../functions/jobs.ts';
import type { Db } from '../../../functions/shared/db.ts';
import type { Schema } from '../../../functions/shared/schema.ts';
import { VirtualClock } from '../../../local/clock.ts';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from '../../../local/control-plane.ts';
import type { InstanceFacts } from '../agents/facts.ts';
import { TestInstance } from '../agents/test-instance.ts';
import { connectBeside } from '../database/beside.ts';
import { dataApiClient, throughDataApi } from '../database/data-api.ts';
import { type Answer, type Api, type RequestOptions, send, type Tenant } from './api.ts';
import { leaveStatements } from './template-schema.ts';

/** Options in which a rig may differ from the usual control plane. */
export type RigOptions = Pick<ControlPlaneOptions, 'functions' | 'functionThreads' | 'dataApiLimits' | 'measures'>;

/**
 * A control plane for one test file: the built bundles behind the local gateway, over real HTTP, on a schema of its own
 * in the run's database server. Time stands still until a test moves it.
 */
export class Rig implements Api {
  readonly controlPlane: ControlPlane;
  readonly clock: VirtualClock;
  /** The name of its schema. */
  readonly database: string;
  /** What the control plane keeps on disk. */
  readonly dataDir: string;
  readonly #client: RDSDataClient;

  private constructor(controlPlane: ControlPlane, clock: VirtualClock, dataDir: string, database: string) {
    this.controlPlane = controlPlane;
    this.clock = clock;
    this.database = database;
    this.dataDir = dataDir;
    this.#client = dataApiClient(controlPlane.dataApi.url);
  }

  /** Default options of every rig of this test file. */
  static defaults: RigOptions = {};

  /** @param environment overrides the functions' usual one, in which database calls are retried only briefly */
  static async start(environment: Record<string, string> = {}, options: RigOptions = {}): Promise<Rig> {
    const dataDir = await mkdtemp(join(tmpdir(), 'spot-rig-'));
    const clock = new VirtualClock(new Date('2026-03-02T00:00:00Z'));
    const databaseName = `rig_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
    await makeSchema(databaseName);
    const controlPlane = await startControlPlane({
      port: 0,
      dataDir,
      database: inject('database'),
      databaseName,
      clock,
      say: () => {},
      ...Rig.defaults,
      ...options,
      // One minute of a rig may hold as many requests as an hour elsewhere.
      environment: { DATA_API_RETRY_MS: '2000', POWERTOOLS_LOG_LEVEL: 'SILENT', RATE_LIMITS: 'off', ...environment },
    });
    return new Rig(controlPlane, clock, dataDir, databaseName);
  }

  async stop() {
    await leaveStatements(randomUUID(), this.controlPlane.dataApi.statements);
    await this.controlPlane.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** The functions' own database client, for what a test reads or writes directly. */
  get db(): Db {
    const opened = performance.now();
    const patience = {
      remaining: () => patienceMs - (performance.now() - opened),
      pause: (ms: number) => new Promise<void>((over) => setTimeout(over, ms)),
    };
    return throughDataApi<Schema>(this.#client, this.database, patience);
  }

  get faults() {
    return this.controlPlane.dataApi.faults;
  }

  /** Lets time pass. */
  pass(seconds: number): Date {
    this.clock.set(new Date(this.clock.now().getTime() + seconds * 1000));
    return this.clock.now();
  }

  request(method: string, path: string, options?: RequestOptions): Promise<Answer> {
    return send(this.controlPlane.url, method, path, options);
  }

  asAdmin(method: string, path: string, body?: unknown) {
    return this.request(method, path, { token: this.controlPlane.adminToken, body });
  }

  /** @param facts besides its name. Its limits allow whatever a scene registers, and its agents have no target. */
  async tenant(facts: Record<string, unknown> = {}): Promise<Tenant> {
    const name = `Tenant ${randomUUID()}`;
    const wanted = { name, max_agents: 1_000_000, max_instances: 1_000_000, ...rules, ...facts };
    const { status, body } = await this.asAdmin('POST', '/api/admin/clients/create', wanted);
    if (status !== 201) throw new Error(`no tenant: ${status} ${JSON.stringify(body)}`);
    return { id: body.client.id, name: body.client.name, token: body.client.token };
  }

  /** An instance whose agent has not registered yet. */
  instance(tenant: Tenant, facts: Partial<InstanceFacts> = {}): TestInstance {
    return new TestInstance(this, tenant, facts);
  }

  /** A registered instance, the primary of its agent. Without a tenant it gets a new one. */
  async primary(facts: Partial<InstanceFacts> = {}, tenant?: Tenant): Promise<TestInstance> {
    const instance = this.instance(tenant ?? (await this.tenant()), facts);
    const { status, body } = await instance.register();
    if (status !== 200) throw new Error(`not registered: ${status} ${JSON.stringify(body)}`);
    return instance;
  }

  /** Runs a scheduled job as EventBridge Scheduler would, at the present time. */
  runJob(job: JobName): Promise<unknown> {
    return this.controlPlane.runJob({ job, time: this.clock.now().toISOString() });
  }
}

/** Has the rules of the protocol decide on its agents. */
const rules = { default_availability_target: 'none' };

/** How long a test's own statements are retried while a fault strikes them. */
const patienceMs = 2000;

/** A copy of the run's migrated schema: migrating anew for each test file would take seconds. */
async function makeSchema(name: string) {
  const connection = await connectBeside();
  try {
    await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4; USE ${name};\n${inject('schema')}`);
  } finally {
    await connection.end();
  }
}
