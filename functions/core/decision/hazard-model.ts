import type { KnownPool, StoredPoolState } from '../availability/pool-states.ts';
import type { LiveModel } from '../model/live-model.ts';
import type { PoolView } from './policy-a/input.ts';

/** Expected losses per hour of pools, and what told them. */
export interface ToldHazards {
  /** Of each pool of each group, in the order given. */
  readonly hazards: readonly (readonly number[])[];
  /** Stored with each decision: `name@hash`. */
  readonly model: string;
  /** Whether that is not the model that should have told them, which failed. */
  readonly isDegraded: boolean;
}

/** Tells how soon pools are expected to be lost. It never throws: what fails is replaced by something simpler. */
export interface HazardModel {
  /** What is known of a pool now, which it tells hazards from (`core/availability/pool-states.ts`). */
  readonly known: (state: StoredPoolState | undefined, lostAt: Date | null, now: Date) => KnownPool;
  /**
   * @param groups the pools of a type and region each: one inference for all of them
   * @param live the model that should tell them; that of the layer where there is none
   */
  readonly hazards: (
    groups: readonly (readonly PoolView[])[],
    live: LiveModel | null,
    now: Date,
  ) => Promise<ToldHazards>;
}
