import { isUp } from '../ec2/instance.ts';
import type { Fleet } from './fleet.ts';
import type { PrimaryObserver } from './primary-observer.ts';
import type { Simulation } from './simulation.ts';

export interface AutoRecoveryOptions {
  readonly simulation: Simulation;
  readonly observer: Pick<PrimaryObserver, 'primaryOf'>;
  /** How long an agent must be silent. */
  readonly afterSeconds: number;
}

/** How long a launched instance has to become the primary before it is checked again. */
const takeoverSeconds = 120;

/**
 * Recovers workloads as an Auto Scaling group of the tenant would. When an agent has been silent for a while and the
 * control plane has not replaced its primary, it launches an on-demand instance with the same logical id.
 */
export class AutoRecovery {
  /** Ids of the instances that it launched. */
  readonly launched: string[] = [];
  readonly #options: AutoRecoveryOptions;
  readonly #watched = new Set<string>();
  readonly #silentSince = new Map<string, number>();

  constructor(options: AutoRecoveryOptions) {
    this.#options = options;
  }

  /** To be called when an instance of the agent has stopped, or the agent hangs. */
  agentWentSilent(fleet: Fleet, agent: string): void {
    const { simulation } = this.#options;
    this.#silentSince.set(agent, simulation.now.getTime());
    if (this.#watched.has(agent)) return;
    this.#watched.add(agent);
    simulation.spawn(async () => {
      await this.#recover(fleet, agent);
      this.#watched.delete(agent);
    });
  }

  async #recover(fleet: Fleet, agent: string): Promise<void> {
    const { simulation, afterSeconds } = this.#options;
    for (;;) {
      const silentSeconds = (simulation.now.getTime() - this.#silentSince.get(agent)!) / 1000;
      if (silentSeconds < afterSeconds) await simulation.sleep(afterSeconds - silentSeconds);
      else if (this.#hasPrimary(fleet, agent)) break;
      else if (this.#hasLaunched(fleet, agent)) await simulation.sleep(takeoverSeconds);
      else this.launched.push(fleet.launchRecovery(agent).id);
    }
    fleet.terminateHung(agent);
  }

  #hasPrimary(fleet: Fleet, agent: string): boolean {
    const id = this.#options.observer.primaryOf(agent);
    return id !== undefined && fleet.isAlive(id);
  }

  #hasLaunched({ ec2 }: Fleet, agent: string): boolean {
    return ec2.instances.some(
      (instance) => instance.agent === agent && this.launched.includes(instance.id) && isUp(instance),
    );
  }
}
