import type { KnownPool, StoredPoolState } from '../availability/pool-states.ts';
import type { LiveModel } from '../model/live-model.ts';
import type { PoolView } from './policy-a/input.ts';

/** Expected losses per hour of pools, and the model they came from. */
export interface ToldHazards {
  /** For each pool of each group, in the order given. */
  readonly hazards: readonly (readonly number[])[];
  /**
   * The chances behind them: for each pool of each group, those of a loss within each of `lossHours`. `null` when the
   * fallback was used, which knows only the first.
   */
  readonly chances: readonly (readonly (readonly number[])[])[] | null;
  /** Stored with each decision: `built-in@hash`, `fitted@hash` or `uploaded@session#hash`. */
  readonly model: string;
  /** Whether that model is a fallback, because the intended one failed. */
  readonly isDegraded: boolean;
}

/** Estimates how soon pools will be lost. It never throws: if it fails, something simpler replaces it. */
export interface HazardModel {
  /** What is known of a pool now, the basis of its hazard (`core/availability/pool-states.ts`). */
  readonly known: (state: StoredPoolState | undefined, lostAt: Date | null, now: Date) => KnownPool;
  /**
   * @param groups each the pools of one type and region; one inference covers all groups
   * @param live the model that operators activated; where there is none, the layer's model is used
   */
  readonly hazards: (
    groups: readonly (readonly PoolView[])[],
    live: LiveModel | null,
    now: Date,
  ) => Promise<ToldHazards>;
}
