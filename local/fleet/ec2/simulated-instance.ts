import type { Agent } from '../agents/agent.ts';
import type { AgentContext } from '../agents/agent-context.ts';
import { AgentMerged } from '../agents/agent-merged.ts';
import { AgentV4 } from '../agents/agent-v4.ts';
import { AgentV32 } from '../agents/agent-v32.ts';

/** From the end of an instance to SIGTERM. */
const sigtermAfterSeconds = 2;
/** From an agent's exit until the service manager starts it again. */
const restartAfterSeconds = 10;

/** An instance that boots from the fleet's image; its service manager keeps an agent running while the instance runs. */
export class SimulatedInstance {
  readonly #context: AgentContext;
  #agent: Agent | undefined;
  #isOn = true;
  #isHung = false;

  constructor(context: AgentContext) {
    this.#context = context;
  }

  async run(): Promise<void> {
    const { simulation, instance } = this.#context;
    await simulation.sleepUntil(instance.runningAt);
    while (this.#isOn && !this.#isHung) {
      this.#agent = newAgent(this.#context);
      await this.#agent.run();
      await simulation.sleep(restartAfterSeconds);
    }
  }

  /** Something is about to happen to the agent: it polls at its own intervals from now on. */
  markBusy(): void {
    this.#agent?.markBusy();
  }

  get isHung(): boolean {
    return this.#isHung;
  }

  /** Hangs the agent: the service manager still sees a running process, but the control plane hears nothing. */
  hang(): void {
    this.#isHung = true;
    this.#agent?.kill();
  }

  /** Ends the instance without a clean shutdown: the agent gets no SIGTERM. */
  powerOff(): void {
    this.#isOn = false;
    this.#agent?.kill();
  }

  /** Ends the instance with a clean shutdown: the agent gets SIGTERM. */
  async shutDown(): Promise<void> {
    await this.#context.simulation.sleep(sigtermAfterSeconds);
    this.#isOn = false;
    this.#agent?.stop();
  }
}

const kinds = { '3.2.0': AgentV32, '4.0.0': AgentV4, '4.1.0': AgentMerged } as const;

const newAgent = (context: AgentContext): Agent => new kinds[context.image.version](context);
