import type { TestInstance } from '../../agents/test-instance.ts';
import { type AgentState, activeStandbys, timeOf } from '../../database/agent-state.ts';
import type { Answer } from '../../rig/api.ts';
import { type SimulatedEc2, type Truth, zones } from './ec2.ts';
import type { FailoverWorld } from './world.ts';

type Role = 'primary' | 'standby' | 'zombie' | 'any';

/** The part of the responses to a repeated call that must be equal; all by default. */
// biome-ignore lint/suspicious/noExplicitAny: a body as it came.
type Part = (body: any) => unknown;

/** The agents on the instances: which of them call, and their routine calls. */
export class Agents {
  readonly #world: FailoverWorld;
  readonly #ec2: SimulatedEc2;

  constructor(world: FailoverWorld, ec2: SimulatedEc2) {
    this.#world = world;
    this.#ec2 = ec2;
  }

  truthIn(role: Role): Truth | undefined {
    const { chance, pick, state } = this.#world;
    const { agent, instances } = state;
    const up = this.#ec2.truths.filter(this.#ec2.isUp);
    const among = (ids: readonly (string | null)[]) => up.filter(({ instance }) => ids.includes(instance.id));
    const found = {
      primary: () => among([agent?.instance_id ?? null]),
      standby: () => among(activeStandbys(state).map((row) => row.instance_id)),
      zombie: () => among(instances.filter((row) => row.instance_status === 'zombie').map(({ id }) => id)),
      any: () => up,
    }[role]();
    if (role === 'any' && chance(0.7)) return this.truthIn(pick(['primary', 'standby', 'zombie']));
    return found.length > 0 ? pick(found) : up.at(-1);
  }

  /** Acts by role. An instance whose agent has no handle yet registers instead: agents do that before anything else. */
  async as(role: Role, act: (truth: Truth) => Promise<void>) {
    const truth = this.truthIn(role);
    if (!truth) return;
    if (truth.instance.handle === 'None') await this.register(truth);
    else await act(truth);
  }

  /** @returns status 0 for an instance that is gone: it makes no calls */
  async call(by: TestInstance, what: string, send: () => Promise<Answer>): Promise<Answer> {
    if (this.#ec2.isAlive(by)) return this.#world.call(by, what, send);
    return { status: 0, body: undefined, calls: 0, headers: new Headers() };
  }

  async say({ instance }: Truth, what: string, call: (instance: TestInstance) => Promise<Answer>) {
    await this.call(instance, what, () => call(instance));
  }

  /** Makes a call, and sometimes repeats it: no more rows, and the same response (I5). */
  async callTwice(by: TestInstance, what: string, send: () => Promise<Answer>, part: Part = (body) => body) {
    const world = this.#world;
    const first = await this.call(by, what, send);
    const isAgain = world.isAlone && !world.mayBeKilled && first.status >= 200 && first.status < 300;
    if (!isAgain || !world.chance(0.3)) return first;
    const before = rowsIn(await world.read());
    const second = await this.call(by, `${what}, again`, send);
    world.tally.count('calls repeated');
    if (second.status === 503 && world.mayFail) return first;
    const [one, two] = [JSON.stringify(part(first.body)), JSON.stringify(part(second.body))];
    world.rule(one === two, `I5: a repeated call has the same answer: ${one}, ${two}`);
    const after = rowsIn(await world.read());
    world.rule(before === after, `I5: a repeated call makes no row: ${before}, ${after}`);
    return first;
  }

  async register(truth: Truth) {
    const { status } = await this.call(truth.instance, 'registers', () => truth.instance.register());
    if (status === 200) truth.known = true;
  }

  beat = (truth: Truth, status = 'online') => this.say(truth, `beats ${status}`, (i) => i.heartbeat(status));

  async report(truth: Truth) {
    const prices = Object.fromEntries(zones.map((zone, i) => [zone, 0.05 - i / 100]));
    await this.say(truth, 'reports prices', (instance) => instance.report(0.1, prices));
  }

  /** X3 and X4; one try in five fails. */
  async terminate({ instance: by }: Truth, succeeds = 0.8) {
    const { status, body } = await this.call(by, 'asks what to terminate', () => by.instancesToTerminate());
    if (status !== 200) return;
    this.#listsAllOverdue(by, body);
    await this.terminateAll(by, body.instances, succeeds);
  }

  /** @param instances as X3 or a merged heartbeat lists them */
  async terminateAll(by: TestInstance, instances: readonly { readonly instance_id: string }[], succeeds = 0.8) {
    const { chance, name } = this.#world;
    for (const { instance_id: id } of instances) {
      const success = chance(succeeds);
      if (success) this.end(id);
      await this.call(by, `could ${success ? '' : 'not '}terminate ${name('i', id)}`, () =>
        by.terminationReport(id, success),
      );
    }
  }

  /** I3: what has been due for termination for ten minutes, with no attempt in the last five, is on the list. */
  #listsAllOverdue(by: TestInstance, list: { auto_terminate_enabled: boolean; instances: { instance_id: string }[] }) {
    const { state, isAlone, rule, now } = this.#world;
    if (!isAlone || !list.auto_terminate_enabled || state.agent?.instance_id !== by.id) return;
    for (const row of state.instances) {
      const { zombie_at, terminated_at, termination_attempted_at: triedAt } = row;
      const since = { zombie: zombie_at, terminated: terminated_at }[row.instance_status as string];
      if (!since || row.termination_confirmed || now - timeOf(since) < 600_000) continue;
      if (triedAt === null || now - timeOf(triedAt) >= 300_000)
        rule(
          list.instances.some(({ instance_id }) => instance_id === row.id),
          `I3: ${row.id} is on the list of what must be terminated`,
        );
    }
  }

  /** An agent terminates an instance, as it was told to. */
  end(id: string) {
    const world = this.#world;
    world.rule(world.state.agent?.instance_id !== id || !world.isAlone, `I1: ${id}, the primary, is not to be ended`);
    const truth = this.#ec2.of(id);
    if (truth?.alive) this.#ec2.end(truth, 'is terminated');
  }

  /** The time by the instance's own clock. */
  claimed = (instance: TestInstance) => this.#ec2.of(instance.id)!.clock().toISOString();
}

/** Row counts, which a repeated call must not raise. */
const rowsIn = ({ agent: _, ...tables }: AgentState) =>
  Object.entries(tables)
    .map(([table, rows]) => `${table} ${rows.length}`)
    .join(', ');
