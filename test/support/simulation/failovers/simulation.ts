import type { Fault } from '../../../../local/aws/data-api/faults.ts';
import { seeded } from '../../../../local/random.ts';
import { StateReader } from '../../database/state-reader.ts';
import { emptyTables, freezeStatistics } from '../../database/tables.ts';
import { KillableFunctions } from '../../processes/killable-functions.ts';
import type { Tenant } from '../../rig/api.ts';
import { Rig } from '../../rig/rig.ts';
import type { Tally } from '../tally.ts';
import { account } from './ec2-events.ts';
import { FailoverModel, simulatedJobs } from './model.ts';

export const stepsOfWorld = 50;

/** A statement that waits for a lock of a dead process times out after this long. */
const statementMs = 1500;

interface Tenants {
  readonly tenant: Tenant;
  /** A tenant whose agents run in the same pools. */
  readonly neighbour: Tenant;
}

/** A rig in which random worlds of failovers are played, one after the other. */
export class FailoverSimulation {
  readonly #functions: KillableFunctions;
  readonly #rig: Rig;
  readonly #tenants: Tenants;
  readonly #reader: StateReader;

  private constructor(functions: KillableFunctions, rig: Rig, tenants: Tenants, reader: StateReader) {
    this.#functions = functions;
    this.#rig = rig;
    this.#tenants = tenants;
    this.#reader = reader;
  }

  static async open(): Promise<FailoverSimulation> {
    const functions = new KillableFunctions();
    const options = { functions: functions.invoke, dataApiLimits: { statementMs } };
    const rig = await Rig.start({ DATA_API_RETRY_MS: '250' }, options);
    await functions.open();
    const neighbour = await rig.tenant();
    const tenant = await rig.tenant({ aws_account_id: account });
    const reader = await StateReader.open();
    await freezeStatistics(reader.connection);
    // The very first run of a job creates its row: it is made here, so that the first world is like any other.
    for (const job of simulatedJobs) await rig.runJob(job);
    return new FailoverSimulation(functions, rig, { tenant, neighbour }, reader);
  }

  async close() {
    await this.#functions.close();
    await this.#reader.close();
    await this.#rig.stop();
  }

  /**
   * Plays the world of a seed to its end.
   * @throws Error with the seed, the rule that is broken, and what happened
   */
  async play(seed: number): Promise<{ trace: string; tally: Tally }> {
    await this.#nextWorld();
    const model = new FailoverModel({
      rig: this.#rig,
      ...this.#tenants,
      reader: this.#reader,
      functions: this.#functions,
      seed,
    });
    const { world } = model;
    try {
      await model.begin();
      this.#injectFaults(world.percent, seed);
      for (let step = 0; step < stepsOfWorld; step += 1) await model.step();
      this.#rig.faults.clear();
      await model.finish();
      model.end();
    } catch (error) {
      const trace = error instanceof Error && error.message.startsWith('Broken') ? '' : `\n${world.trace}`;
      throw new Error(`SEED=${seed} shows it again.\n${error instanceof Error ? error.message : error}${trace}`, {
        cause: error,
      });
    } finally {
      this.#rig.faults.clear();
    }
    return world;
  }

  /** Each world begins at the same hour of a Monday, long after the one before, of which nothing is left. */
  async #nextWorld() {
    const weekMs = 7 * 86_400_000;
    const now = this.#rig.clock.now().getTime();
    this.#rig.pass((weekMs - ((now - Date.UTC(2026, 2, 2)) % weekMs)) / 1000);
    await this.#rig.controlPlane.dataApi.expire();
    await emptyTables(this.#reader.connection);
    // The gateway caches authorizations. They are renewed while no fault strikes: a failed authorizer is a 500.
    this.#rig.controlPlane.gateway.forgetAuthorizations();
    for (const { token } of Object.values(this.#tenants) as Tenant[])
      await this.#rig.request('GET', '/api/agents/None/config', { token });
  }

  #injectFaults(percent: number, seed: number) {
    if (percent === 0) return;
    for (const [i, fault] of faults.entries()) {
      const alternatives = faults.filter(({ operation }) => operation === fault.operation).length;
      const probability = percent / 100 / alternatives;
      // Each fault has its own random numbers: concurrent calls come in any order, and no draw may depend on it.
      const random = seeded(seed * 1000 + i);
      this.#rig.faults.inject({ ...fault, times: Number.POSITIVE_INFINITY, probability, random });
    }
  }
}

/** F1 and F2. Rollbacks are spared: a lost one holds its locks for three minutes. */
const faults: Pick<Fault, 'error' | 'when' | 'operation'>[] = (
  [
    'DatabaseResumingException',
    'InternalServerErrorException',
    'ServiceUnavailableError',
    'DatabaseUnavailableException',
    'StatementTimeoutException',
  ] as const
).flatMap((error) => [
  { error, when: 'before', operation: 'Execute' },
  { error, when: 'before', operation: 'BeginTransaction' },
  { error, when: 'before', operation: 'CommitTransaction' },
  ...(error === 'DatabaseResumingException'
    ? []
    : [
        { error, when: 'after' as const, operation: 'Execute' as const },
        { error, when: 'after' as const, operation: 'CommitTransaction' as const },
      ]),
]);
