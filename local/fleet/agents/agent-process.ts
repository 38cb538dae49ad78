import type { Pause, Simulation } from '../run/simulation.ts';

/** Thrown into whatever a process waits for when it is told to stop. */
export class Stopped extends Error {}

/** An operating-system process: threads that sleep in virtual time until SIGTERM. */
export class AgentProcess {
  readonly #simulation: Simulation;
  readonly #pauses = new Set<Pause>();
  readonly #rests = new Set<Pause>();
  readonly #woken = new Set<Pause>();
  #stopped = false;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** Runs threads until all of them have ended or been stopped. */
  async run(threads: readonly (() => Promise<void>)[]): Promise<void> {
    await Promise.all(threads.map((thread) => thread().catch(unlessStopped)));
  }

  /** @throws Stopped when the process is told to stop meanwhile, or has been before */
  async sleep(seconds: number): Promise<void> {
    await this.#pause(seconds, this.#pauses);
  }

  /** As `sleep`, between two runs of a polling loop: `wakeLoops` ends it. @returns whether that is what ended it */
  async rest(seconds: number): Promise<boolean> {
    return this.#woken.delete(await this.#pause(seconds, this.#rests));
  }

  wakeLoops(): void {
    for (const rest of this.#rests) {
      this.#woken.add(rest);
      rest.wake();
    }
  }

  /** SIGTERM. */
  stop(): void {
    this.#stopped = true;
    for (const pause of [...this.#pauses, ...this.#rests]) pause.abort(new Stopped());
  }

  async #pause(seconds: number, kind: Set<Pause>): Promise<Pause> {
    if (this.#stopped) throw new Stopped();
    const pause = this.#simulation.pause(seconds);
    kind.add(pause);
    try {
      await pause.over;
      return pause;
    } finally {
      kind.delete(pause);
    }
  }
}

function unlessStopped(error: unknown): void {
  if (!(error instanceof Stopped)) throw error;
}
