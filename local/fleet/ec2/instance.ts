import type { Agent } from '../agents/agent.ts';
import type { Host } from '../agents/agent-context.ts';
import { AgentV4 } from '../agents/agent-v4.ts';
import { AgentV32 } from '../agents/agent-v32.ts';

/** Seconds from a stop to SIGTERM, and from an agent's exit to its restart by the service manager. */
const sigtermAfter = 2;
const restartAfter = 10;

/** A machine: it boots from the fleet's image, and its service manager keeps an agent running while it lasts. */
export class Machine {
  readonly #host: Host;
  #agent: Agent | undefined;
  #on = true;
  #hung = false;

  constructor(host: Host) {
    this.#host = host;
  }

  async run(): Promise<void> {
    const { simulation, instance } = this.#host;
    await simulation.sleep((instance.runningAt.getTime() - simulation.now.getTime()) / 1000);
    while (this.#on && !this.#hung) {
      this.#agent = newAgent(this.#host);
      await this.#agent.run();
      await simulation.sleep(restartAfter);
    }
  }

  /** Something happens that the agent will hear of when it next asks: from now on it asks at its true periods. */
  beBusy(): void {
    this.#agent?.beBusy();
  }

  get isHung(): boolean {
    return this.#hung;
  }

  /** The agent hangs: the service manager sees a process that runs, and the control plane hears nothing. */
  hang(): void {
    this.#hung = true;
    this.#agent?.kill();
  }

  /** EC2 takes the machine without its operating system having a say. */
  powerOff(): void {
    this.#on = false;
    this.#agent?.kill();
  }

  /** EC2 stops the machine: its operating system tells the agent, and does not come back. */
  async shutDown(): Promise<void> {
    await this.#host.simulation.sleep(sigtermAfter);
    this.#on = false;
    this.#agent?.stop();
  }
}

const newAgent = (host: Host): Agent => (host.image.version === '4.0.0' ? new AgentV4(host) : new AgentV32(host));
