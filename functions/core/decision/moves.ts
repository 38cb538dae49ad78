import { emit } from '../../shared/metrics.ts';
import type { Decision } from './policy.ts';

/** What became of the moves that a run of the job wanted. */
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

  /** One line, and one for each gate that was closed. */
  emit(): void {
    const refused = [...this.#refused.values()].reduce((sum, n) => sum + n, 0);
    emit({ MovesWanted: this.#wanted, MovesAllowed: this.#wanted - refused });
    for (const [gate, n] of this.#refused) emit({ MovesRefused: n }, { gate });
  }
}
