import { modelFailed } from '../../../shared/alarm-lines.ts';
import { logger } from '../../../shared/logger.ts';
import { minuteMs, msAfter, secondMs } from '../../../shared/time.ts';
import { within } from './deadline.ts';
import type { ModelSource, OpenModel } from './model-source.ts';

/** For loading and inference together. A caller waits for two models at most, so at most twice this. */
export const deadlineMs = 5 * secondMs;

/** How long a model is not tried again after a failure, so that not every request waits for it. */
export const restMs = 5 * minuteMs;

/** The result of an inference. */
export interface Inferred {
  readonly name: string;
  readonly chances: Float32Array;
}

/**
 * A model that is loaded at first use, and left alone for some minutes after it fails. Returning no chances and being
 * slow both count as failures. Where the runtime computes in this thread, slowness is noticed only once the result has
 * come.
 */
export class GuardedModel {
  readonly #source: ModelSource;
  readonly #elapsed: () => number;
  #opened: Promise<OpenModel> | undefined;
  #restUntil: Date | undefined;

  /** @param elapsed milliseconds of a monotonic clock */
  constructor(source: ModelSource, elapsed: () => number = () => performance.now()) {
    this.#source = source;
    this.#elapsed = elapsed;
  }

  /** @returns `undefined` when the model failed now or recently */
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
        throw new Error(`it took ${(took / secondMs).toFixed(1)} s; the limit is ${deadlineMs / secondMs} s`);
      return { name, chances };
    } catch (error) {
      logger.error(modelFailed, { model: this.#source.kind, error: error as Error });
      this.close();
      this.#restUntil = msAfter(now, restMs);
      return undefined;
    }
  }

  /** Releases what the model holds; the next use loads it again. */
  close(): void {
    this.#opened?.then(
      ({ close }) => close?.(),
      () => undefined, // logged where it was opened
    );
    this.#opened = undefined;
  }
}
