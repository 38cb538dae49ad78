import { type PacingConfig, week } from './config.ts';
import type { Downtime, Slo, Timing } from './input.ts';

/** Seconds of downtime that an SLO allows in a week. */
export const budgetOf = ({ availability }: Pick<Slo, 'availability'>) => (1 - availability) * week;

/** Downtime that things cost, in seconds. */
export interface Costs {
  /** Of an interruption: what the notice is too short for, and the cutover. */
  readonly interruption: number;
  /** Of a move from on-demand to Spot: its cutover, and the interruption that ends the stay. */
  readonly entry: number;
}

export function costsOf({ attempt, launch, notice, failoverCutover, plannedCutover }: Timing): Costs {
  const interruption = Math.max(0, attempt + launch - notice) + failoverCutover;
  return { interruption, entry: plannedCutover + interruption };
}

/** @param weekStart of the SLO's week in which `now` is */
export function spentBudget(downtime: readonly Downtime[], slo: Slo, weekStart: number, now: number): number {
  const counts = slo.over === 'week' ? (at: number) => at >= weekStart : (at: number) => at > now - week;
  return downtime.reduce((sum, { at, seconds }) => (counts(at) ? sum + seconds : sum), 0);
}

/**
 * Seconds of downtime a second that the budget has room for from now on. The rolling form takes the tightest of some
 * times ahead, at each of which what was spent by then more than a week ago is free again.
 */
export function affordableRate(
  downtime: readonly Downtime[],
  slo: Slo,
  weekStart: number,
  now: number,
  { shortestRest, horizons }: PacingConfig,
): number {
  const budget = budgetOf(slo);
  if (slo.over === 'week') {
    const left = Math.max(0, budget - spentBudget(downtime, slo, weekStart, now));
    return left / Math.max(shortestRest, weekStart + week - now);
  }
  const rates = horizons.map((ahead) => {
    const still = downtime.reduce((sum, { at, seconds }) => (at > now + ahead - week ? sum + seconds : sum), 0);
    return Math.max(0, budget - still) / ahead;
  });
  return Math.min(...rates);
}
