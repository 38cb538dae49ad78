import type { SimulatedEc2 } from './simulated-ec2.ts';
import type { Agents } from './standby-agents.ts';
import {
  activeOf,
  type CommandRow,
  noticesOf,
  primaryOf,
  type ReplicaRow,
  rowOf,
  type State,
  timeOf,
} from './standby-state.ts';
import type { World } from './standby-world.ts';

const minuteMs = 60_000;

/** What must hold after every step, by the numbers of the test plan. */
export class Rules {
  readonly #world: World;
  readonly #ec2: SimulatedEc2;
  readonly #agents: Agents;
  readonly #wasPrimary = new Set<string>();

  constructor(world: World, ec2: SimulatedEc2, agents: Agents) {
    this.#world = world;
    this.#ec2 = ec2;
    this.#agents = agents;
  }

  async check() {
    await this.#world.look();
    const { state } = this.#world;
    if (!state.agent) return;
    this.#onePrimary();
    this.#fencing();
    this.#oneFailoverANotice();
    this.#noMachineLost();
    this.#standbys();
    this.#commands();
    this.#serverTime();
    this.#pools();
  }

  /** I1: an agent has at most one primary, and its epoch never decreases. */
  #onePrimary() {
    const { state, before, rule, isAlone } = this.#world;
    const agent = state.agent!;
    const primaries = state.instances.filter((row) => row.is_primary);
    rule(primaries.length <= 1, 'I1: there is one primary at most');
    rule((primaries[0]?.id ?? agent.instance_id) === agent.instance_id, "I1: the agent's instance_id is its primary's");
    if (primaries[0]) this.#wasPrimary.add(primaries[0].id);
    const pending = agent.pending_termination_instance;
    rule(pending === null || pending === agent.instance_id, 'I1: the machine that is being taken is the primary');
    if (!before.agent) return;
    const steps = agent.epoch - before.agent.epoch;
    const moved = before.agent.instance_id !== agent.instance_id;
    rule(
      moved ? steps >= 1 : steps >= 0 && (!isAlone || steps === 0),
      `I1: the epoch rises by ${steps}, moved: ${moved}`,
    );
  }

  /** I1: what a machine says that has been replaced changes nothing of the one that replaced it. */
  #fencing() {
    const { state, before, spoken, rule } = this.#world;
    const isRetired = (id: string) => ['zombie', 'terminated'].includes(rowOf(before, id)?.instance_status ?? '');
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

  /** I2: a notice that is told k times by m ways is one failover, one notification and one row. */
  #oneFailoverANotice() {
    const { state, rule, name } = this.#world;
    const notices = noticesOf(state);
    once(
      notices.map((row) => row.instance_id),
      (id) => rule(false, `I2: one row is kept of ${name('M', id)}'s end`),
    );
    const of = (type: string) => state.events.filter((event) => event.event_type === type);
    for (const type of ['termination_notice', 'standby_interrupted'])
      once(
        of(type).map((event) => event.instance_id ?? ''),
        (id) => rule(false, `I2: one ${type} tells of ${name('M', id)}`),
      );
    const undone = new Set(of('failover_undone').map((event) => event.replica));
    const failovers = of('failover_completed').filter((event) => !undone.has(event.replica));
    const former = failovers.map((event) => event.former ?? '');
    once(former, (id) => rule(false, `I2: ${name('M', id)} fails over once`));
    const completed = notices.filter((row) => row.failover_completed).map((row) => row.instance_id);
    rule(
      completed.toSorted().join() === former.toSorted().join(),
      `I2: notices that are answered and failovers that are told of are the same: ${completed}; ${former}`,
    );
    const { interruption_handled_count: counted } = state.agent!;
    rule(counted === former.length, `I2: ${counted} failovers are counted, of ${former.length}`);
    for (const { id, by } of this.#agents.relieved)
      rule(
        id !== by && rowOf(state, by) && (!rowOf(state, id)?.is_primary || undone.size > 0),
        `I2: ${name('M', id)} was relieved by another`,
      );
  }

  /** I3: a machine that was acknowledged is the primary, a standby, or on the list of what must be terminated. */
  #noMachineLost() {
    const { state, before, rule, name } = this.#world;
    for (const { id, instance_status: was } of before.instances)
      if (was === 'terminated')
        rule(rowOf(state, id)?.instance_status === 'terminated', `I3: ${name('M', id)} stays terminated`);
    for (const row of state.instances)
      if (row.termination_confirmed)
        rule(!this.#ec2.of(row.id)?.alive, `I3: ${name('M', row.id)}, which is confirmed gone, is gone`);
    for (const { machine, known, alive } of this.#ec2.truths) {
      if (!known || !alive) continue;
      const row = rowOf(state, machine.id)!;
      const who = name('M', machine.id);
      rule(row, `I3: ${who} is in the books, as it was acknowledged`);
      const standby = state.replicas.find(({ instance_id }) => instance_id === machine.id);
      // A machine that nobody asked for waits beside the primary, and has no standby's row.
      if (row.instance_status === 'running_replica')
        rule(!standby || standby.is_active, `I3: ${who} is no orphan: its standby is ${standby?.status}`);
      const since = row.instance_status === 'zombie' ? row.zombie_at : row.terminated_at;
      if (row.instance_status === 'zombie' || row.instance_status === 'terminated')
        rule(since !== null && row.termination_attempts < 12, `I3: ${who} is listed to be terminated`);
    }
  }

  /** I3 and I9: one standby of a kind, each with a machine that waits; only one that could take over does. */
  #standbys() {
    const { state, before, rule, name } = this.#world;
    const active = activeOf(state);
    for (const manual of [true, false])
      rule(
        active.filter((row) => (row.replica_type === 'manual') === manual).length <= 1,
        `I3: one ${manual ? 'manual' : 'automatic'} standby at most is active`,
      );
    for (const { id, instance_id } of active)
      if (instance_id !== null)
        rule(
          rowOf(state, instance_id)?.instance_status === 'running_replica',
          `I3: the machine of the active ${name('S', id)} is ${rowOf(state, instance_id)?.instance_status}`,
        );
    const tookOver = (id: string) =>
      this.#wasPrimary.has(id) || state.switches.some((row) => row.new_instance_id === id);
    for (const row of state.replicas) {
      const was = before.replicas.find(({ id }) => id === row.id);
      if (row.status === 'promoted')
        rule(row.instance_id !== null && tookOver(row.instance_id), `I9: ${name('S', row.id)} is or was the primary`);
      if (was && was.status !== row.status) this.#standbyChanged(was, row);
    }
  }

  #standbyChanged(was: ReplicaRow, { id, status, instance_id }: ReplicaRow) {
    const { state, before, rule, name, isAlone } = this.#world;
    const who = name('S', id);
    rule(
      !['terminated', 'failed'].includes(was.status),
      `I9: ${who} was ${was.status}, which is final, and is ${status}`,
    );
    if (was.status === 'promoted') {
      const isUndone = state.events.some((event) => event.event_type === 'failover_undone' && event.replica === id);
      const isDemoted = status === 'ready' && !rowOf(state, instance_id!)?.is_primary;
      rule((status === 'failed' && isUndone) || isDemoted, `I9: ${who} was promoted, and is ${status}`);
    }
    if (status !== 'promoted' || !isAlone) return;
    this.#world.tally.count('promotions');
    const isEmergency = before.agent?.pending_termination_instance != null;
    const isByItself = state.switches.length === before.switches.length; // its machine registered, or beat on alone
    rule(
      was.status === 'ready' || was.status === 'syncing' || isEmergency || isByItself || this.#isSwitchTo(instance_id),
      `I9: ${who} was ${was.status} when it took over`,
    );
  }

  /** Whether the agent itself moved to the machine. */
  #isSwitchTo = (id: string | null) => this.#agents.tasks.some(({ next }) => next?.id === id);

  /** I8: a command goes forward only, and stays where it has ended. */
  #commands() {
    const { state, before, rule, name } = this.#world;
    for (const was of before.commands) {
      const is = state.commands.find(({ id }) => id === was.id);
      const of = name('C', was.id);
      rule(
        is !== undefined && forward[was.status].includes(is.status),
        `I8: ${of} was ${was.status}, and is ${is?.status}`,
      );
      if (was.completed_at !== null)
        rule(was.completed_at === is?.completed_at, `I8: ${of} is closed once, at ${was.completed_at}`);
    }
    rule(
      state.commands.filter(({ status }) => status === 'pending' || status === 'dispatched').length <= 1,
      'I8: one switch at most is open',
    );
  }

  /** F8: what we note down is by our own time, whatever clocks the machines have. */
  #serverTime() {
    const { state, sqlNow, rule, now } = this.#world;
    for (const [table, rows] of Object.entries({ ...state, agent: [state.agent!] }))
      for (const row of rows as Record<string, unknown>[])
        for (const column of ours)
          rule(
            typeof row[column] !== 'string' || row[column] <= sqlNow,
            `F8: ${column} of ${table} is ${row[column]}, and it is ${sqlNow}`,
          );
    for (const { dispatched_at, lease_until, terminate_wait_seconds } of state.commands)
      if (dispatched_at !== null)
        rule(
          timeOf(lease_until!) - timeOf(dispatched_at) === (terminate_wait_seconds + 900) * 1000,
          'F8: a lease is as long as the wait and 15 minutes',
        );
    const { pending_termination_at: end } = state.agent!;
    rule(end === null || timeOf(end) <= now + 120_000, `F8: EC2 takes the machine within two minutes, not at ${end}`);
  }

  /** F6 and F8: no standby goes where a launch has just failed, or where EC2 has just taken a machine, by our clock. */
  #pools() {
    const { state, before, rule, name, isAlone, now } = this.#world;
    if (!isAlone) return;
    for (const { id, pool_id, created_at, instance_id } of state.replicas) {
      if (instance_id !== null || before.replicas.some((row) => row.id === id)) continue;
      const at = timeOf(created_at);
      const failures = state.replicas.filter(
        (row) =>
          row.id !== id &&
          row.pool_id === pool_id &&
          row.status === 'failed' &&
          (row.launch_claimed_at !== null || row.instance_id !== null) &&
          timeOf(row.failed_at!) > at - 24 * 60 * minuteMs &&
          timeOf(row.failed_at!) <= at,
      );
      const last = Math.max(...failures.map((row) => timeOf(row.failed_at!)));
      const quarantine = Math.min(2 ** (failures.length - 1), 30) * minuteMs;
      const who = `${name('S', id)} in ${pool_id}`;
      rule(
        failures.length === 0 || at - last >= quarantine,
        `F6: ${who} is not where ${failures.length} launches failed`,
      );
      const taken = noticesOf(before).filter((row) => row.pool_id === pool_id);
      const lastTaken = Math.max(...taken.map((row) => timeOf(row.created_at)));
      rule(
        now - lastTaken >= 5 * minuteMs,
        `F8: ${who} is not where EC2 took a machine ${(now - lastTaken) / 1000} s ago`,
      );
    }
  }
}

/** What a replaced machine's agent says all day, and what it says of its end. */
const harmless = /^(beats|polls|asks|registers|may be taken|is being taken)/;

/** Columns that no machine has a say in. */
const ours = [
  'created_at',
  'updated_at',
  'last_heartbeat_at',
  'last_seen_at',
  'last_switch_at',
  'last_failover_at',
  'last_termination_notice_at',
  'last_rebalance_recommendation_at',
  'zombie_at',
  'termination_attempted_at',
  'launch_claimed_at',
  'promoted_at',
  'failed_at',
  'dispatched_at',
  'completed_at',
  'executed_at',
];

const forward: Record<CommandRow['status'], readonly CommandRow['status'][]> = {
  pending: ['pending', 'dispatched', 'completed', 'failed', 'cancelled', 'expired'],
  dispatched: ['dispatched', 'completed', 'failed'],
  completed: ['completed'],
  failed: ['failed'],
  cancelled: ['cancelled'],
  expired: ['expired'],
};

/** Tells of the first that is there twice. */
function once(items: readonly string[], broken: (item: string) => void) {
  const twice = items.find((item, i) => items.indexOf(item) !== i);
  if (twice !== undefined) broken(twice);
}

/** Whether nothing that an event about a machine may change has changed: all but the record that it came. */
export function isUntouched(before: State, after: State): boolean {
  const part = ({ agent, instances, replicas, interruptions, commands, switches }: State) =>
    JSON.stringify({ agent, instances, replicas, interruptions, commands, switches });
  return part(before) === part(after);
}
