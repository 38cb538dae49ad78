import { emit } from '../../shared/metrics.ts';
import type { Decision } from './policy.ts';

/** Counts the moves that a run of the job wanted, and those that gates refused. */
export class Moves {
  #wanted = 0;
  readonly #refused = new Map<string, number>();

  count(decisions: readonly Decision[]): void {
    for (const { action, failedGate } of decisions) {
      if (action === 'stay') continue;
      this.#wanted += 1;
      if (failedGate) this.#refused.set(failedGate, (this.#refused.get(failedGate) ?? 0) + 1);
    }
  }

  /** Emits one metrics line, and one more for each gate that refused moves. */
  emit(): void {
    const refused = [...this.#refused.values()].reduce((sum, n) => sum + n, 0);
    emit({ MovesWanted: this.#wanted, MovesAllowed: this.#wanted - refused });
    for (const [gate, n] of this.#refused) emit({ MovesRefused: n }, { gate });
  }
}
