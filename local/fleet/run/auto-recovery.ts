import { stateOf } from '../ec2/ec2.ts';
import type { Fleet } from './fleet.ts';
import type { Watch } from './primary-observer.ts';
import type { Simulation } from './simulation.ts';

export interface OwnerOptions {
  readonly simulation: Simulation;
  readonly watch: Pick<Watch, 'primaryOf'>;
  /** How long an agent has to be silent. */
  readonly afterSeconds: number;
}

const takeoverSeconds = 120;

/**
 * Whoever owns the workloads, or their Auto Scaling groups: where nobody else replaces a machine that is gone or hangs,
 * they start one on demand with the same logical id, a while after it fell silent.
 */
export class Owner {
  /** The machines that it had to start. */
  readonly rescues: string[] = [];
  readonly #options: OwnerOptions;
  readonly #minding = new Set<string>();
  readonly #silentSince = new Map<string, number>();

  constructor(options: OwnerOptions) {
    this.#options = options;
  }

  /** A machine of the agent has stopped, or its agent hangs. */
  noticed(fleet: Fleet, agent: string): void {
    const { simulation } = this.#options;
    this.#silentSince.set(agent, simulation.now.getTime());
    if (this.#minding.has(agent)) return;
    this.#minding.add(agent);
    simulation.spawn(async () => {
      await this.#mind(fleet, agent);
      this.#minding.delete(agent);
    });
  }

  async #mind(fleet: Fleet, agent: string): Promise<void> {
    const { simulation, afterSeconds } = this.#options;
    for (;;) {
      const silent = (simulation.now.getTime() - this.#silentSince.get(agent)!) / 1000;
      if (silent < afterSeconds) await simulation.sleep(afterSeconds - silent);
      else if (this.#isServed(fleet, agent)) break;
      else if (this.#isRescued(fleet, agent)) await simulation.sleep(takeoverSeconds);
      else this.rescues.push(fleet.rescue(agent).id);
    }
    fleet.endHung(agent);
  }

  #isServed(fleet: Fleet, agent: string): boolean {
    const id = this.#options.watch.primaryOf(agent);
    return id !== undefined && fleet.isAlive(id);
  }

  /** Its own machine is on the way already. */
  #isRescued({ ec2 }: Fleet, agent: string): boolean {
    const { now } = this.#options.simulation;
    return ec2.instances.some(
      (machine) =>
        machine.agent === agent &&
        this.rescues.includes(machine.id) &&
        ['pending', 'running'].includes(stateOf(machine, now)),
    );
  }
}
