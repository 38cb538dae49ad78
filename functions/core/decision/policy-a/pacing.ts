import { type PacingConfig, week } from './config.ts';
import type { Downtime } from './input.ts';
import { lambdasOf, type Pacing } from './shadows.ts';

/**
 * The price of a second of downtime, in on-demand seconds, that spends the budget evenly: the lowest price,
 * interpolated between those tried, whose shadow had no more downtime than is affordable. The highest if none had.
 * @param affordable seconds of downtime per second
 * @param shadows as they were before the current observation
 */
export function pacedLambda(affordable: number, shadows: Pacing, now: number, config: PacingConfig): number {
  const { priorDemand, priorWeight } = config;
  const lambdas = lambdasOf(config.lambdas);
  const observed = Math.min(week, now - shadows.startedAt);
  const rates = lambdas.map(
    (lambda, index) => (shadows.sums[index]! + (priorWeight * priorDemand) / lambda / week) / (observed + priorWeight),
  );
  const first = rates.findIndex((rate) => rate <= affordable);
  if (first === -1) return lambdas.at(-1)!;
  if (first === 0) return lambdas[0]!;
  const [above, below] = [rates[first - 1]!, rates[first]!];
  const share = (above - affordable) / Math.max(1e-18, above - below);
  return lambdas[first - 1]! * (lambdas[first]! / lambdas[first - 1]!) ** share;
}

/**
 * The same where no pool is observed. Past downtime, with the prices it was accepted at, shows how much downtime a
 * price leads to, assuming that downtime is inversely proportional to its price.
 * @param elapsed seconds since the service began
 */
export function blindLambda(
  affordable: number,
  downtime: readonly Downtime[],
  elapsed: number,
  now: number,
  { lambdas, blindDemand, blindWeight }: PacingConfig,
): number {
  const observed = Math.min(week, elapsed);
  const paid = downtime.reduce(
    (sum, { at, seconds, lambda }) => (at > now - week ? sum + seconds * (lambda ?? 0) : sum),
    0,
  );
  const demand = (paid * week + blindWeight * blindDemand) / (observed + blindWeight);
  return Math.min(lambdas.to, Math.max(lambdas.from, demand / week / Math.max(affordable, 1e-12)));
}
