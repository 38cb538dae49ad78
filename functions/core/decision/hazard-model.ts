import type { KnownPool, StoredPoolState } from '../availability/pool-states.ts';
import type { PoolView } from './policy-a/input.ts';

/** Tells how soon pools are expected to be lost: policy A's own logistic model, or one that is loaded. */
export interface HazardModel {
  /** Stored with each decision, with its hash, as in `name@hash`. */
  readonly name: string;
  /** What is known of a pool now, which it tells hazards from (`core/availability/pool-states.ts`). */
  readonly known: (state: StoredPoolState | undefined, lostAt: Date | null, now: Date) => KnownPool;
  /**
   * @param groups the pools of a type and region each
   * @returns expected losses per hour of each pool, in the order given: one call for all groups of a batch
   */
  readonly hazards: (groups: readonly (readonly PoolView[])[]) => Promise<number[][]>;
}
