import type { HazardWeights } from './hazard.ts';

/** The numbers of policy A. They were fitted on the training data (docs/adr/0050-policies-are-scored-on-recorded-markets.md). */
export interface PolicyAConfig {
  readonly hazard: HazardWeights;
  readonly pacing: PacingConfig;
  /** A running Spot instance moves for a lower price only if that is lower by this share. */
  readonly priceMargin: number;
  /** A lower price is expected to last this long, in hours. */
  readonly priceLife: number;
}

export interface PacingConfig {
  /** The prices of a second of downtime that are tried in the shadow, in on-demand seconds. */
  readonly lambdas: { readonly from: number; readonly to: number; readonly count: number };
  /** Downtime of a week, in seconds, that a price of 1 would lead to, as far as nothing else is known. */
  readonly priorDemand: number;
  /** How much the prior weighs, in seconds of observation. */
  readonly priorWeight: number;
  /** The prior where pools are not observed, likewise. */
  readonly blindDemand: number;
  readonly blindWeight: number;
  /**
   * The share of an interruption's price that a pool must be worth at a failover. Hazards are of now and fall with a pool's age, so
   * stays are worth about twice as much; on-demand one can wait until the hazard has fallen, at a failover that takes a cutover more.
   */
  readonly failoverShare: number;
  /** The least time over which what is left of the budget is spread, in seconds. */
  readonly shortestRest: number;
  /** The times ahead that the rolling form looks at, in seconds. */
  readonly horizons: readonly number[];
}

export const day = 86_400;
export const week = 7 * day;

export const policyAConfig: PolicyAConfig = {
  hazard: {
    intercept: -0.4278,
    rate7d: 0.2889,
    rate24h: 0.243,
    upHours: -0.5465,
    drops1h: 0.1077,
    siblingsUp: -0.377,
    siblingDrops1h: 0.2558,
    previousUpHours: -0.0739,
    downHoursBefore: 0.0947,
  },
  pacing: {
    lambdas: { from: 20, to: 3000, count: 30 },
    priorDemand: 220 * 302.4,
    priorWeight: day / 2,
    blindDemand: 500 * 302.4,
    blindWeight: day,
    failoverShare: 0.5,
    shortestRest: day / 4,
    horizons: [0.8 * day, 1.6 * day, 3.2 * day, 6.4 * day],
  },
  priceMargin: 0.02,
  priceLife: 24,
};
