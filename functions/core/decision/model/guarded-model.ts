import { modelFailed } from '../../../shared/alarm-lines.ts';
import { logger } from '../../../shared/logger.ts';
import { minuteMs, msAfter, secondMs } from '../../../shared/time.ts';
import { within } from './deadline.ts';
import type { ModelSource, OpenModel } from './model-source.ts';

/** Loading and an inference together; whoever asks waits no longer than twice for a model. */
export const deadlineMs = 5 * secondMs;

/** For so long a model that failed is not tried again: not each request waits for it. */
export const restMs = 5 * minuteMs;

/** What an inference gave. */
export interface Inferred {
  readonly name: string;
  readonly chances: Float32Array;
}

/**
 * A model that is loaded at its first use, and left alone for some minutes where it fails. Failing is to give no chances, or to be
 * slow: where the runtime computes in this thread, a slow answer is seen when it has come.
 */
export class GuardedModel {
  readonly #source: ModelSource;
  readonly #elapsed: () => number;
  #opened: Promise<OpenModel> | undefined;
  #restUntil: Date | undefined;

  /** @param elapsed milliseconds of a clock that only runs forward */
  constructor(source: ModelSource, elapsed: () => number = () => performance.now()) {
    this.#source = source;
    this.#elapsed = elapsed;
  }

  /** @returns `undefined` when it failed now, or not long ago */
  async infer(features: Float32Array, rows: number, now: Date): Promise<Inferred | undefined> {
    if (this.#restUntil && now < this.#restUntil) return undefined;
    const began = this.#elapsed();
    const deadline = within(deadlineMs);
    try {
      this.#opened ??= this.#source.open(deadline);
      const { name, infer } = await this.#opened;
      const chances = await infer(features, rows, deadline);
      const took = this.#elapsed() - began;
      if (took > deadlineMs)
        throw new Error(`it took ${(took / secondMs).toFixed(1)} s; ${deadlineMs / secondMs} s is the most`);
      return { name, chances };
    } catch (error) {
      logger.error(modelFailed, { model: this.#source.kind, error: error as Error });
      this.close();
      this.#restUntil = msAfter(now, restMs);
      return undefined;
    }
  }

  /** Gives back what it holds; the next use loads it anew. */
  close(): void {
    this.#opened?.then(
      ({ close }) => close?.(),
      () => undefined, // said where it was opened
    );
    this.#opened = undefined;
  }
}
