import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { JobName } from '../../functions/jobs.ts';
import { connect, type Db } from '../../functions/shared/db.ts';
import { VirtualClock } from '../../local/clock.ts';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from '../../local/control-plane.ts';
import { Machine, type MachineFacts } from './machine.ts';

/** An answer over HTTP, and what it cost. */
export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts on it, which is its type check.
  readonly body: any;
  readonly calls: number;
  readonly headers: Headers;
}

export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly token: string;
}

/** What a rig can have otherwise than a control plane usually has it. */
export type RigOptions = Pick<ControlPlaneOptions, 'functions' | 'dataApiLimits'>;

/** Where statements are left that the run executed, for the grammar check that ends it. */
export const statementsDir = '.local/test-statements';

/**
 * A control plane of a test file's own: the built bundles behind the local gateway, over real HTTP, on a schema of its
 * own in the run's database server. Time stands still until a test moves it.
 */
export class Rig {
  readonly controlPlane: ControlPlane;
  readonly clock: VirtualClock;
  readonly #dataDir: string;

  private constructor(controlPlane: ControlPlane, clock: VirtualClock, dataDir: string) {
    this.controlPlane = controlPlane;
    this.clock = clock;
    this.#dataDir = dataDir;
  }

  /** What every rig of this test file starts with. */
  static defaults: RigOptions = {};

  /** @param environment over the functions' usual one; the time that is spent on repeating database calls is short */
  static async start(environment: Record<string, string> = {}, options: RigOptions = {}): Promise<Rig> {
    const dataDir = await mkdtemp(join(tmpdir(), 'spot-rig-'));
    const clock = new VirtualClock(new Date('2026-03-02T00:00:00Z'));
    const controlPlane = await startControlPlane({
      port: 0,
      dataDir,
      database: inject('database'),
      databaseName: `rig_${randomUUID().replaceAll('-', '').slice(0, 12)}`,
      clock,
      say: () => {},
      ...Rig.defaults,
      ...options,
      environment: { DATA_API_RETRY_MS: '2000', POWERTOOLS_LOG_LEVEL: 'SILENT', ...environment },
    });
    return new Rig(controlPlane, clock, dataDir);
  }

  async stop() {
    const { statements } = this.controlPlane.dataApi;
    await mkdir(statementsDir, { recursive: true });
    await writeFile(join(statementsDir, `${randomUUID()}.json`), JSON.stringify([...statements]));
    await this.controlPlane.stop();
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  /** The functions' own way to the database, for what a test looks up or puts there. */
  get db(): Db {
    return connect(() => 60_000).db;
  }

  get faults() {
    return this.controlPlane.dataApi.faults;
  }

  /** Moves time on. */
  pass(seconds: number): Date {
    this.clock.set(new Date(this.clock.now().getTime() + seconds * 1000));
    return this.clock.now();
  }

  async request(method: string, path: string, { token, body, raw, headers }: RequestOptions = {}): Promise<Answer> {
    const response = await fetch(this.controlPlane.url + path, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? undefined : parse(text),
      calls: Number(response.headers.get('x-data-api-calls') ?? Number.NaN),
      headers: response.headers,
    };
  }

  asAdmin(method: string, path: string, body?: unknown) {
    return this.request(method, path, { token: this.controlPlane.adminToken, body });
  }

  async tenant(name = `Tenant ${randomUUID()}`): Promise<Tenant> {
    const { status, body } = await this.asAdmin('POST', '/api/admin/clients/create', { name });
    if (status !== 201) throw new Error(`no tenant: ${status} ${JSON.stringify(body)}`);
    return { id: body.client.id, name, token: body.client.token };
  }

  /** A machine with an agent on it, not yet registered. */
  machine(tenant: Tenant, facts: Partial<MachineFacts> = {}): Machine {
    return new Machine(this, tenant, facts);
  }

  /** A machine that has registered, the primary of its agent; of a tenant of its own where none is given. */
  async primary(facts: Partial<MachineFacts> = {}, tenant?: Tenant): Promise<Machine> {
    const machine = this.machine(tenant ?? (await this.tenant()), facts);
    const { status, body } = await machine.register();
    if (status !== 200) throw new Error(`not registered: ${status} ${JSON.stringify(body)}`);
    return machine;
  }

  /** Runs a scheduled job as EventBridge Scheduler would, at the present time. */
  runJob(job: JobName): Promise<unknown> {
    return this.controlPlane.runJob({ job, time: this.clock.now().toISOString() });
  }
}

export interface RequestOptions {
  readonly token?: string;
  readonly body?: unknown;
  /** A body that is sent as it is. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
}

function parse(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
