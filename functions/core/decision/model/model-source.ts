import type { Infer } from './session.ts';

/** A model that is ready. */
export interface OpenModel {
  /** `kind@hash`, the first twelve digits of the file's SHA-256. */
  readonly name: string;
  readonly infer: Infer;
  /** Gives back what it holds. */
  readonly close?: () => void;
}

/** Where a model comes from. */
export interface ModelSource {
  readonly kind: 'built-in' | 'uploaded';
  /** @throws Error that says why it cannot be used */
  readonly open: () => Promise<OpenModel>;
}
