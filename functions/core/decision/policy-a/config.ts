import type { HazardWeights } from './hazard.ts';

/** Policy A's parameters, fitted on the training data (docs/adr/0050-policies-are-scored-on-recorded-markets.md). */
export interface PolicyAConfig {
  readonly hazard: HazardWeights;
  readonly pacing: PacingConfig;
  /** A running Spot instance moves for a lower price only if it is lower by at least this share. */
  readonly priceMargin: number;
  /** How long a lower price is expected to last, in hours. */
  readonly priceLife: number;
}

export interface PacingConfig {
  /** The prices of a second of downtime that shadow services try, in on-demand seconds. */
  readonly lambdas: { readonly from: number; readonly to: number; readonly count: number };
  /** Prior: downtime in a week, in seconds, that a price of 1 would lead to. */
  readonly priorDemand: number;
  /** The prior's weight, in seconds of observation. */
  readonly priorWeight: number;
  /** The same where too little of the pools is observed, and the prior alone counts. */
  readonly blindDemand: number;
  /**
   * The share of an interruption's price that a pool must be worth at a failover. Scores use the current hazard, which
   * falls with a pool's age, so stays are worth about twice as much. An on-demand service can wait until the hazard has
   * fallen; at a failover, waiting would cost one more cutover.
   */
  readonly failoverShare: number;
  /** The shortest time over which the rest of the budget is spread, in seconds. */
  readonly shortestRest: number;
  /** The horizons of the rolling form, in seconds from now. */
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
    failoverShare: 0.5,
    shortestRest: day / 4,
    horizons: [0.8 * day, 1.6 * day, 3.2 * day, 6.4 * day],
  },
  priceMargin: 0.02,
  priceLife: 24,
};
