import type { Deadline } from './deadline.ts';

/** Rows of features in the order of `featureNames`, one after another, to a row of chances for each. */
export type Infer = (features: Float32Array, rows: number, deadline: Deadline) => Promise<Float32Array>;

/** A model that is ready. */
export interface OpenModel {
  /** `built-in@hash`, the first twelve digits of the file's SHA-256, or `uploaded@session`. */
  readonly name: string;
  readonly infer: Infer;
  /** Gives back what it holds, once it is asked no more. */
  readonly close?: () => void;
}

/** Where a model comes from. */
export interface ModelSource {
  readonly kind: 'built-in' | `uploaded@${string}`;
  /** @throws Error that says why it cannot be used */
  readonly open: (deadline: Deadline) => Promise<OpenModel>;
}
