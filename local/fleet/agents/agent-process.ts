import type { Pause, Simulation } from '../run/simulation.ts';

/** Thrown from whatever a process waits for when the process is told to stop. */
export class Stopped extends Error {}

/** An operating-system process: threads that sleep in virtual time until SIGTERM. */
export class AgentProcess {
  readonly #simulation: Simulation;
  readonly #sleeps = new Set<Pause>();
  readonly #rests = new Set<Pause>();
  readonly #naps = new Set<Pause>();
  readonly #woken = new Set<Pause>();
  #stopped = false;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** Runs threads until each has ended or been stopped. */
  async run(threads: readonly (() => Promise<void>)[]): Promise<void> {
    await Promise.all(threads.map((thread) => thread().catch(ignoreStopped)));
  }

  /** @throws Stopped when the process has been told to stop, before or during the sleep */
  async sleep(seconds: number): Promise<void> {
    await this.#pause(seconds, this.#sleeps);
  }

  /** Sleeps between two runs of a polling loop; `wakeLoops` ends it early. @returns whether it did */
  async rest(seconds: number): Promise<boolean> {
    return this.#woken.delete(await this.#pause(seconds, this.#rests));
  }

  /** Sleeps until there may be news: `endNaps` ends it early. @returns whether it did */
  async nap(seconds: number): Promise<boolean> {
    return this.#woken.delete(await this.#pause(seconds, this.#naps));
  }

  endNaps(): void {
    for (const nap of this.#naps) {
      this.#woken.add(nap);
      nap.wake();
    }
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
    for (const pause of [...this.#sleeps, ...this.#rests, ...this.#naps]) pause.abort(new Stopped());
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

function ignoreStopped(error: unknown): void {
  if (!(error instanceof Stopped)) throw error;
}
