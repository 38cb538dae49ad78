import { inflateSync } from 'node:zlib';
import type { Connection } from 'mariadb';
import { expect } from 'vitest';
import type { Fault, Operation } from '../../../local/aws/data-api/faults.ts';
import type { Invoke } from '../../../local/aws/lambda-host.ts';
import type { TestInstance } from '../agents/test-instance.ts';
import { connectToRig } from '../database/beside.ts';
import { timelessFunctions } from '../processes/timeless-functions.ts';
import type { Tenant } from '../rig/api.ts';
import { Rig } from '../rig/rig.ts';

/** The response to any caller: an agent, EventBridge or the scheduler. */
export interface Said {
  readonly status: number;
  readonly body?: unknown;
  /** Data API calls. */
  readonly calls: number;
  /** Whether it says when to retry. */
  readonly retryAfter?: boolean;
}

export interface FaultScene {
  readonly call: () => Promise<Said>;
  /** The instances of one agent, its first primary first. */
  readonly instances: readonly TestInstance[];
  /** A query for rows besides the agent's, with its parameters. */
  readonly more?: { readonly sql: string; readonly values: readonly string[] };
}

export interface FaultAct {
  readonly name: string;
  readonly prepare: () => Promise<FaultScene>;
  /** Each call is a new event and is recorded each time. */
  readonly counts?: true;
  /** An event that may be missing after a lost response: the effect itself is done, and a retry is refused. */
  readonly mayLeaveUnsaid?: string;
}

/** Inflates the stored response of a decision. */
const unpacked = ({ answer }: { answer?: string | null }) =>
  answer ? { answer: String(inflateSync(Buffer.from(answer, 'base64'))) } : {};

/** A control plane whose Data API fails on demand, and a view of what calls leave in its database. */
export class FaultRig {
  readonly rig: Rig;
  readonly tenant: Tenant;
  /** Invokes a function, as its caller in AWS does. */
  readonly invoke: Invoke;
  readonly #beside: Connection;
  #types = 0;

  private constructor(rig: Rig, tenant: Tenant, invoke: Invoke, beside: Connection) {
    this.rig = rig;
    this.invoke = invoke;
    this.tenant = tenant;
    this.#beside = beside;
  }

  /** @param tenant fields besides its name */
  static async start(tenant: { readonly aws_account_id?: string } = {}): Promise<FaultRig> {
    // Long enough for one retry, so that a lasting fault leads to a response soon.
    const functions = timelessFunctions();
    const rig = await Rig.start({ DATA_API_RETRY_MS: '120' }, { functions });
    return new FaultRig(rig, await rig.tenant(tenant), functions, await connectToRig());
  }

  async stop() {
    await this.#beside.end();
    await this.rig.stop();
  }

  /** A new instance type, so that no other scene shares its pools. */
  newType = () => `f${++this.#types}.large`;

  async primary(facts = {}) {
    const instance = await this.rig.primary({ type: this.newType(), ...facts }, this.tenant);
    await instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.03, 'us-east-1c': 0.04 });
    return instance;
  }

  /** The stored rows of a scene, with ids and hashes replaced so that they are the same for every scene of an act. */
  async rowsOf({ instances, more }: FaultScene, unsaid?: string): Promise<string[]> {
    const [{ facts }] = instances as [TestInstance];
    const sql = { sql: everythingOf, namedPlaceholders: true };
    const tables: object[][] = await this.#beside.query(sql, { agent: facts.logicalId, type: facts.type });
    if (more) tables.push(await this.#beside.query(more.sql, [...more.values]));
    const names = instances.map((instance, i) => [instance.id, `instance ${i}`] as const);
    const anonymous = (row: object) => {
      let text = JSON.stringify({ ...row, ...chosenAnew, ...unpacked(row) });
      for (const [id, name] of [...names, [facts.logicalId, 'agent'], [facts.type, 'type']] as const)
        text = text.replaceAll(id, name);
      return text
        .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'uuid')
        .replaceAll(/[0-9a-f]{64}|[0-9a-f]{32}|(?<=:)[0-9a-f]{16}\b/g, 'hash')
        .replaceAll(/i-[0-9a-f]{16,17}/g, 'i-other');
    };
    return tables
      .flatMap((rows) => rows.map(anonymous))
      .filter((row) => !unsaid || !row.includes(unsaid))
      .sort();
  }

  /**
   * Makes a call under a fault, and again without: its response must be one to act on, and its effect is there once.
   */
  async meet(act: FaultAct, wanted: string[][], fault: Fault) {
    const { prepare, counts, mayLeaveUnsaid } = act;
    const scene = await prepare();
    this.rig.faults.inject(fault);
    const first = await scene.call();
    this.rig.faults.clear();
    await this.rig.controlPlane.dataApi.expire(); // ends transactions that were begun and then lost
    const what = `${fault.error} ${fault.when} ${fault.operation ?? 'call'} ${fault.times}: ${JSON.stringify(first.body)}`;
    if (first.status >= 500) {
      expect(first.status, what).toBe(503);
      expect(first.retryAfter, what).toBe(true);
      expect(JSON.stringify(first.body ?? ''), what).not.toMatch(/select|insert|update |exception|sqlstate/i);
    }
    const again = await scene.call();
    expect(again.status, what).toBeLessThan(500);
    const unsaid = first.status === 503 ? mayLeaveUnsaid : undefined;
    const rows = await this.rowsOf(scene, unsaid);
    const expected = unsaid ? wanted.map((all) => all.filter((row) => !row.includes(unsaid))) : wanted;
    if (counts) expect(expected, what).toContainEqual(rows);
    else expect(rows, what).toEqual(expected[0]);
  }

  /** The rows after the call without a fault, made once and made twice. */
  async control(act: FaultAct) {
    const { prepare, counts } = act;
    const operations = new Set<Operation>();
    const scene = await prepare();
    this.rig.controlPlane.dataApi.onCall = ({ operation }) => void operations.add(operation);
    const { status, calls } = await scene.call();
    this.rig.controlPlane.dataApi.onCall = undefined;
    expect(status).toBeLessThan(300);
    const once = await this.rowsOf(scene);
    await scene.call();
    const twice = await this.rowsOf(scene);
    if (!counts) expect(twice, 'a repeat without any fault').toEqual(once);
    return { wanted: [once, twice], calls, operations: [...operations].filter((o) => o !== 'RollbackTransaction') };
  }
}

/** Columns that differ between scenes, or with how often a call was made. */
const chosenAnew = {
  version: undefined,
  dispatch_token: undefined,
  launch_token: undefined,
  fingerprint: undefined,
  token_ciphertext: undefined,
};

const ofAgent = [
  'instances',
  'commands',
  'switches',
  'replica_instances',
  'decisions',
  'spot_interruption_events',
  'system_events',
  'cleanup_logs',
];
const ofType = ['spot_pools', 'ondemand_prices', 'ondemand_price_snapshots'];

/** Everything that an agent's calls leave, in one round trip: it is read after each of some thousand faults. */
const everythingOf = [
  'SELECT * FROM agents WHERE logical_agent_id = :agent',
  ...ofAgent.map(
    (table) =>
      `SELECT t.* FROM ${table} AS t INNER JOIN agents AS a ON a.id = t.agent_id WHERE a.logical_agent_id = :agent`,
  ),
  ...ofType.map((table) => `SELECT * FROM ${table} WHERE instance_type = :type`),
  "SELECT * FROM pricing_snapshots_clean WHERE pool_id LIKE CONCAT(:type, '.%')",
  "SELECT * FROM tenant_pool_prices WHERE pool_id LIKE CONCAT(:type, '.%')",
].join(';');
