import type { Costs } from './budget.ts';
import { type PacingConfig, week } from './config.ts';
import type { RatedPool, Timing } from './input.ts';

/** The basis of pacing: how much downtime each price has led to in the last week. */
export interface Pacing {
  readonly startedAt: number;
  readonly sums: readonly number[];
}

/**
 * What each of several prices of downtime would have led to. Shadow services follow the policy at that price, on what
 * was observed of the group. All agents of a type, region and timing share one state; it can be stored as JSON.
 */
export interface Shadows extends Pacing {
  /** When the newest observation began. */
  readonly at: number;
  /** Where each shadow is; `null` means on-demand. */
  readonly pools: readonly (string | null)[];
  /** Scores by the newest observation, of the pools that were up. */
  readonly scores: Readonly<Record<string, number>>;
  /** Downtime of each shadow in the last week, at the times when any shadow had some. */
  readonly spent: readonly { readonly at: number; readonly seconds: readonly number[] }[];
}

/** The prices that are tried: a geometric series, in on-demand seconds per second of downtime. */
export function lambdasOf({ from, to, count }: PacingConfig['lambdas']): number[] {
  const ratio = Math.log(to / from) / (count - 1);
  return Array.from({ length: count }, (_, index) =>
    index === count - 1 ? to : Math.exp(Math.log(from) + index * ratio),
  );
}

export const startShadows = (now: number, { lambdas }: PacingConfig): Shadows => ({
  startedAt: now,
  at: now,
  pools: Array.from({ length: lambdas.count }, () => null),
  scores: {},
  spent: [],
  sums: Array.from({ length: lambdas.count }, () => 0),
});

/** Advances the shadows by one observation of the group. They enter only pools that are known to be up. */
export function advanceShadows(
  shadows: Shadows,
  pools: readonly RatedPool[],
  now: number,
  { plannedCutover }: Timing,
  costs: Costs,
  { lambdas, failoverShare }: PacingConfig,
): Shadows {
  const up = pools.filter(({ availability }) => availability === 'up');
  const scores = Object.fromEntries(up.map(({ id, score }) => [id, score]));
  const before = up.filter(({ id }) => id in shadows.scores);
  const down = new Set(pools.filter(({ availability }) => availability === 'down').map(({ id }) => id));
  let moved = false;
  const seconds = shadows.sums.map(() => 0);
  const places = lambdasOf(lambdas).map((lambda, index) => {
    let place = shadows.pools[index] ?? null;
    if (place !== null && down.has(place)) {
      seconds[index]! += costs.interruption;
      // A failover is decided at the notice, by what was known then.
      place = best(before, (id) => shadows.scores[id]!, (failoverShare * lambda * costs.interruption) / 3600);
    }
    if (place === null) {
      place = best(up, (id) => scores[id]!, (lambda * costs.entry) / 3600);
      if (place !== null) seconds[index]! += plannedCutover;
    }
    moved ||= seconds[index]! > 0;
    return place;
  });
  return { ...shadows, at: now, pools: places, scores, ...withSpent(shadows, now, moved ? seconds : undefined) };
}

function best(pools: readonly RatedPool[], scoreOf: (id: string) => number, threshold: number): string | null {
  let found: string | null = null;
  let most = threshold;
  for (const { id } of pools) {
    const score = scoreOf(id);
    if (score > most) {
      most = score;
      found = id;
    }
  }
  return found;
}

/** The downtime of the last week, and its sums. */
function withSpent(
  { spent, sums }: Shadows,
  now: number,
  added: readonly number[] | undefined,
): Pick<Shadows, 'spent' | 'sums'> {
  const kept = spent.findIndex(({ at }) => at > now - week);
  const gone = kept === -1 ? spent : spent.slice(0, kept);
  if (!added && gone.length === 0) return { spent, sums };
  return {
    spent: [...spent.slice(gone.length), ...(added ? [{ at: now, seconds: added }] : [])],
    sums: sums.map(
      (sum, index) => sum + (added?.[index] ?? 0) - gone.reduce((total, { seconds }) => total + seconds[index]!, 0),
    ),
  };
}
