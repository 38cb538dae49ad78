import type { TestInstance } from '../../agents/test-instance.ts';
import { activeStandbys, instanceIn, timeOf } from '../../database/agent-state.ts';
import { setPricesKnown } from '../../database/tables.ts';
import { isClosed } from '../../invariants/commands.ts';
import type { Agents } from './agents.ts';
import type { Truth } from './ec2.ts';
import type { AskedFor, Launches } from './launches.ts';
import type { HandedOut, Switches } from './switches.ts';
import type { FailoverWorld } from './world.ts';

interface Does {
  readonly agents: Agents;
  readonly launches: Launches;
  readonly switches: Switches;
}

/** The response to a merged heartbeat. */
interface Told {
  readonly commands: readonly HandedOut[];
  readonly replicas: readonly AskedFor[];
  readonly instances: readonly { readonly instance_id: string }[];
  readonly next_seconds: number;
}

/** Agents with merged heartbeats (protocol 6.7): one heartbeat tells them what the separate polls would. */
export class Merged {
  readonly #world: FailoverWorld;
  readonly #does: Does;

  constructor(world: FailoverWorld, does: Does) {
    this.#world = world;
    this.#does = does;
  }

  /** Beats, and carries out what it is told. */
  async beat({ instance: by }: Truth) {
    const world = this.#world;
    const { agents, launches, switches } = this.#does;
    if (world.chance(0.5)) await this.#collectPrices();
    // Sometimes it has just started, or believes that it is disabled.
    const version = world.chance(0.8) ? world.state.agent?.config_version : undefined;
    const status = world.chance(0.15) ? 'disabled' : 'online';
    const answer = await agents.call(by, 'beats and asks', () => by.merged({ status, config_version: version }));
    if (answer.status !== 200) return;
    const told: Told = answer.body.merged;
    world.tally.count('merged heartbeats');
    if (world.isAlone && !world.mayFail && !world.mayBeKilled) await this.#isToldAll(by, told);
    await switches.carryOut(by, told.commands);
    await launches.launch(by, told.replicas);
    await agents.terminateAll(by, told.instances);
  }

  /** Separate polls would tell it nothing more, and it gets a long interval only if nobody waits for it. */
  async #isToldAll(by: TestInstance, told: Told) {
    const world = this.#world;
    const { rule } = world;
    const { body: commands } = await by.pendingCommands();
    rule(commands.length === 0, `A4 tells of a command too: ${JSON.stringify(commands)}`);
    if (told.commands.length === 0) {
      // One launch at a time: with a command, a standby waits for the next heartbeat.
      const { replicas } = (await by.listReplicas('launching')).body;
      rule(replicas.length === 0, `R2 tells of a standby too: ${JSON.stringify(replicas)}`);
    }
    const idsOf = (list: Told['instances']) => list.map(({ instance_id }) => instance_id).join(' ');
    const due = idsOf((await by.instancesToTerminate()).body.instances);
    rule(due === idsOf(told.instances), `X3 tells of "${due}", the heartbeat of "${idsOf(told.instances)}"`);
    if (told.next_seconds <= 30) return;
    world.tally.count('agents sent away for long');
    const state = await world.read();
    const isHeard = (at: unknown) => world.now - timeOf(at as string) < 600_000;
    const isNeeded =
      activeStandbys(state).length > 0 ||
      state.instances.some((row) => row.instance_status === 'running_replica' && isHeard(row.last_seen_at)) ||
      state.commands.some((command) => !isClosed(command)) ||
      state.agent?.pending_termination_at !== null;
    rule(instanceIn(state, by.id)?.is_primary && !isNeeded, `nobody waits for ${by.id}, sent away for long`);
  }

  /** Our own collector has seen the prices: from then on there may be nothing to tell. */
  async #collectPrices() {
    const { isAlone, mayBeKilled, reader, rig } = this.#world;
    if (isAlone && !mayBeKilled) await setPricesKnown(reader.connection, rig.clock.now());
  }
}
