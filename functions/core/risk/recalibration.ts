import { dayMs, secondMs } from '../../shared/time.ts';

/**
 * Corrects predicted chances by how earlier predictions came true. A model is fitted once; markets change. A chance is
 * corrected first by the pool's own outcomes, then by those of all pools that were given about the same chance.
 * Chances are 0 to 1, times are seconds since 1970.
 */

/**
 * Predicted and actual losses up to a time, in outcomes that do not overlap: of predictions made every ten minutes for
 * six hours ahead, each weighs a thirty-sixth. Older outcomes weigh less.
 */
export interface Tally {
  readonly at: number;
  readonly weight: number;
  readonly expected: number;
  readonly lost: number;
}

/** A tally for each tenth of predicted chances. */
export type Bins = readonly Tally[];

/** A prediction that came true or did not. */
export interface Outcome {
  readonly chance: number;
  readonly isLost: boolean;
  /** When it was known. */
  readonly at: number;
  /** Less if its time was not observed whole. */
  readonly weight: number;
  /** The share of its time that was observed until the pool was lost or unseen; all of it for a loss. */
  readonly seen?: number;
}

const binCount = 10;
/** Within this time an outcome loses half of its weight. */
const halfLife = (7 * dayMs) / secondMs;
/** How many outcomes it takes until they weigh as much as the model: of a pool, and of a tenth of chances. */
const poolPrior = 8;
const binPrior = 10;

export const noTally: Tally = { at: 0, weight: 0, expected: 0, lost: 0 };
export const noBins: Bins = Array.from({ length: binCount }, () => noTally);

/** A tally as it is at a later time. */
export function agedTo(at: number, tally: Tally): Tally {
  const share = 0.5 ** (Math.max(0, at - tally.at) / halfLife);
  return {
    at: Math.max(at, tally.at),
    weight: tally.weight * share,
    expected: tally.expected * share,
    lost: tally.lost * share,
  };
}

/** Of a time that was not observed whole, the losses expected in the observed share count. */
export function withOutcome(tally: Tally, { chance, isLost, at, weight, seen = 1 }: Outcome): Tally {
  const aged = agedTo(at, tally);
  return {
    at: aged.at,
    weight: aged.weight + weight,
    expected: aged.expected + (weight / seen) * (1 - (1 - chance) ** seen),
    lost: aged.lost + (isLost ? weight : 0),
  };
}

const binOf = (chance: number) => Math.min(binCount - 1, Math.floor(chance * binCount));

/** @param outcome its chance is the one corrected by the pool's outcomes */
export const withBinned = (bins: Bins, outcome: Outcome): Bins =>
  bins.with(binOf(outcome.chance), withOutcome(bins[binOf(outcome.chance)]!, outcome));

/** Multiplies the odds of a loss by the pool's losses over those expected. */
export function correctedByPool(chance: number, tally: Tally, at: number): number {
  const { expected, lost } = agedTo(at, tally);
  const losses = chance * (lost + poolPrior);
  return losses / (losses + (1 - chance) * (expected + poolPrior));
}

/**
 * Multiplies the odds of a loss by what they came to for similar chances, as if ten outcomes as expected came before;
 * interpolated between the middles of tenths.
 */
export function correctedByAll(chance: number, bins: Bins, at: number): number {
  const factorOf = (bin: number) => {
    const { weight, expected, lost } = agedTo(at, bins[bin]!);
    const mean = bounded(expected / weight || 0);
    return oddsOf((lost + binPrior * mean) / (weight + binPrior)) / oddsOf(mean);
  };
  const place = Math.min(binCount - 1, Math.max(0, chance * binCount - 0.5));
  const below = Math.floor(place);
  const above = Math.min(binCount - 1, below + 1);
  const odds = oddsOf(bounded(chance)) * factorOf(below) ** (below + 1 - place) * factorOf(above) ** (place - below);
  return odds / (1 + odds);
}

const oddsOf = (chance: number) => chance / (1 - chance);

/** Nothing is sure to be lost or to stay, and chances are shown with four digits. */
const bounded = (chance: number) => Math.min(0.9999, Math.max(0.0001, chance));

/** The chances that people see: a loss within an hour is never less likely than one within half an hour. */
export const shownChances = (chances: readonly number[]): number[] =>
  chances.map((_, n) => bounded(Math.max(...chances.slice(0, n + 1))));
