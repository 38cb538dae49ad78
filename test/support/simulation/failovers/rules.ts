import { type AgentState, eventsOf, instanceIn, primaryOf, type ReplicaRow } from '../../database/agent-state.ts';
import type { SimulatedEc2 } from './ec2.ts';
import type { Notices } from './notices.ts';
import type { Switches } from './switches.ts';
import { poolRules, timeRules } from './time-rules.ts';
import type { FailoverWorld } from './world.ts';

/** The rules of this world besides those of any agent, as it knows what its instances really are. */
export class Rules {
  readonly #world: FailoverWorld;
  readonly #ec2: SimulatedEc2;
  readonly #notices: Notices;
  readonly #switches: Switches;
  readonly #wasPrimary = new Set<string>();

  constructor(world: FailoverWorld, ec2: SimulatedEc2, notices: Notices, switches: Switches) {
    this.#world = world;
    this.#ec2 = ec2;
    this.#notices = notices;
    this.#switches = switches;
  }

  async check() {
    const world = this.#world;
    await world.check(world.isAlone ? 'one act' : 'anything');
    if (!world.state.agent) return;
    const primary = primaryOf(world.state);
    if (primary) this.#wasPrimary.add(primary.id);
    this.#fencing();
    this.#relieved();
    this.#noInstanceLost();
    this.#takeovers();
    timeRules(world);
    poolRules(world);
  }

  /** I1: calls of a replaced instance change nothing about the one that replaced it. */
  #fencing() {
    const { state, before, spoken, rule } = this.#world;
    const isRetired = (id: string) => ['zombie', 'terminated'].includes(instanceIn(before, id)?.instance_status ?? '');
    const isHarmless = ({ id, what }: { id: string; what: string }) => isRetired(id) && harmless.test(what);
    if (!before.agent || !spoken?.length || !spoken.every(isHarmless)) return;
    this.#world.tally.count('words of the replaced');
    for (const [was, is] of [
      [before.agent, state.agent],
      [primaryOf(before), primaryOf(state)],
    ] as const)
      for (const column of Object.keys(was ?? {}).filter((name) => name !== 'version'))
        rule(
          `${was![column]}` === `${is?.[column]}`,
          `I1: ${column} of the primary stays ${was![column]}: ${is?.[column]}`,
        );
  }

  /** I2: if R9 says that another has taken over, it has. */
  #relieved() {
    const { state, rule } = this.#world;
    const isUndone = eventsOf(state, 'failover_undone').length > 0;
    for (const { id, by } of this.#notices.relieved)
      rule(
        id !== by && instanceIn(state, by) && (!instanceIn(state, id)?.is_primary || isUndone),
        `I2: ${id} was relieved by another`,
      );
  }

  /** I3: an instance that was acknowledged is the primary, a standby, or on the list of what must be terminated. */
  #noInstanceLost() {
    const { state, rule } = this.#world;
    for (const row of state.instances)
      if (row.termination_confirmed)
        rule(!this.#ec2.of(row.id)?.alive, `I3: ${row.id}, which is confirmed gone, is gone`);
    for (const { instance, known, alive } of this.#ec2.truths) {
      if (!known || !alive) continue;
      const { id } = instance;
      const row = instanceIn(state, id)!;
      rule(row, `I3: ${id} is in the database, as it was acknowledged`);
      const standby = state.replicas.find(({ instance_id }) => instance_id === id);
      // An instance that nobody asked for waits beside the primary, without a standby's row.
      if (row.instance_status === 'running_replica')
        rule(!standby || standby.is_active, `I3: ${id} is no orphan: its standby is ${standby?.status}`);
      const since = row.instance_status === 'zombie' ? row.zombie_at : row.terminated_at;
      if (row.instance_status === 'zombie' || row.instance_status === 'terminated')
        rule(since !== null && row.termination_attempts < 12, `I3: ${id} is listed to be terminated`);
    }
  }

  /** I9: only a standby that could take over does. */
  #takeovers() {
    const { state, before, rule } = this.#world;
    const tookOver = (id: string) =>
      this.#wasPrimary.has(id) || state.switches.some((row) => row.new_instance_id === id);
    for (const row of state.replicas) {
      if (row.status !== 'promoted') continue;
      rule(row.instance_id !== null && tookOver(row.instance_id), `I9: ${row.id} is or was the primary`);
      const was = before.replicas.find(({ id }) => id === row.id);
      if (was && was.status !== 'promoted') this.#promoted(was, row);
    }
  }

  #promoted(was: ReplicaRow, { id, instance_id }: ReplicaRow) {
    const { state, before, rule, isAlone, tally } = this.#world;
    if (!isAlone) return;
    tally.count('promotions');
    const isEmergency = before.agent?.pending_termination_instance != null;
    const isByItself = state.switches.length === before.switches.length; // its instance registered, or still beat alone
    const isSwitch = this.#switches.isTo(instance_id); // the agent itself moved to it
    rule(
      was.status === 'ready' || was.status === 'syncing' || isEmergency || isByItself || isSwitch,
      `I9: ${id} was ${was.status} when it took over`,
    );
  }
}

/** The routine calls of a replaced instance's agent, and those about its end. */
const harmless = /^(beats|polls|asks|registers|may be taken|is being taken)/;

/** Whether an event has changed nothing but the recorded events. */
export function isUntouched(before: AgentState, after: AgentState): boolean {
  const part = ({ events: _, ...rest }: AgentState) => JSON.stringify(rest);
  return part(before) === part(after);
}
