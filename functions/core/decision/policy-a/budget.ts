import { type PacingConfig, week } from './config.ts';
import type { Downtime, Slo, Timing } from './input.ts';

/** Seconds of downtime per week that an SLO allows. */
export const budgetOf = ({ availability }: Pick<Slo, 'availability'>) => (1 - availability) * week;

/** Downtime that each event costs, in seconds. */
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

/** @param weekStart start of the SLO's week that contains `now` */
export function spentBudget(downtime: readonly Downtime[], slo: Slo, weekStart: number, now: number): number {
  const counts = slo.over === 'week' ? (at: number) => at >= weekStart : (at: number) => at > now - week;
  return downtime.reduce((sum, { at, seconds }) => (counts(at) ? sum + seconds : sum), 0);
}

/**
 * The seconds of downtime per second that the budget can afford from now on. The rolling form takes the lowest rate
 * over several horizons. Downtime that will be more than a week old at a horizon no longer counts there.
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
