import type { Deadline } from './deadline.ts';

/** Takes rows of features in the order of `featureNames`, one after another; gives a row of chances for each. */
export type Infer = (features: Float32Array, rows: number, deadline: Deadline) => Promise<Float32Array>;

/** A model that is ready to use. */
export interface OpenModel {
  /** `built-in@` or `uploaded@<session>#`, with the first twelve digits of the file's SHA-256. */
  readonly name: string;
  readonly infer: Infer;
  /** Releases what the model holds, once its pending requests are done. */
  readonly close?: () => void;
}

/** Where a model comes from. */
export interface ModelSource {
  readonly kind: 'built-in' | `uploaded@${string}`;
  /** @throws Error that says why the model cannot be used */
  readonly open: (deadline: Deadline) => Promise<OpenModel>;
}
