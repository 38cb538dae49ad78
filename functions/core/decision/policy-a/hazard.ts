import { type FeatureName, featureNames, featuresOf } from './features.ts';
import type { PoolView } from './input.ts';

/** A logistic model of the chance that a pool that is up now is lost within half an hour. */
export type HazardWeights = Readonly<Record<FeatureName | 'intercept', number>>;

/** Expected losses per hour of each pool of a group, in the order given. */
export function hazards(pools: readonly PoolView[], weights: HazardWeights): number[] {
  return featuresOf(pools).map((row) => {
    const logit = row.reduce((sum, value, index) => sum + weights[featureNames[index]!] * value, weights.intercept);
    return hazardOf(1 / (1 + Math.exp(-logit)));
  });
}

/** Below this no history is long enough to tell hazards apart. */
const leastHazard = 1e-4;

/** Losses per hour. @param chance of a loss within half an hour */
export const hazardOf = (chance: number) => Math.max(leastHazard, -2 * Math.log(1 - chance));
