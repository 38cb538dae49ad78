import { type PacingConfig, week } from './config.ts';
import { lambdasOf, type Pacing } from './shadows.ts';

/**
 * The least share of the last day in which the pools must have been observed, on average, for shadows to pace a service.
 * They meet no losses in pools that nobody observes: with less, they ask too low a price of downtime (docs/adr/0091).
 */
export const enoughObserved = 0.6;

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

/** The same where too little of the pools is observed: the prior alone says how much downtime a price leads to. */
export const blindLambda = (affordable: number, { lambdas, blindDemand }: PacingConfig): number =>
  Math.min(lambdas.to, Math.max(lambdas.from, blindDemand / week / Math.max(affordable, 1e-12)));
