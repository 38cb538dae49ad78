/** Policy B's parameters, fitted on the training data (docs/adr/0050-policies-are-scored-on-recorded-markets.md). */
export interface PolicyBConfig {
  /** The chance that a spell up or down ends within a tick of ten minutes, by the phase of its age. */
  readonly hazards: { readonly up: Phases; readonly down: Phases };
  /** The chance to enter the next phase within a tick. */
  readonly ageing: Phases;
  /** Multiples of those hazards for which values are computed. In between, values are interpolated. */
  readonly multiples: { readonly up: readonly number[]; readonly down: readonly number[] };
  /** Weight of the fitted hazards against what was seen of the pool itself, in expected ends of spells. */
  readonly priorEnds: number;
  /** The same weight when estimating how long a pool will last. */
  readonly lifePrior: number;
  /** A pool that is expected to last fewer ticks than this is not waited for. */
  readonly leastLife: number;
  /** For n pools treated as one, spells up last n to this power times as long, and spells down end as much sooner. */
  readonly tierSpread: number;
  /** The cost of a tick of work that misses the deadline, in on-demand ticks. */
  readonly missed: number;
}

export type Phases = readonly [number, number, number, number];

/** In seconds: policy B works in ticks of ten minutes. */
export const tick = 600;

/** The age at which each phase of a spell ends, in seconds; the last phase has no end. */
const phaseEnds = [600, 3600, 14_400];

export function phaseOf(ageSeconds: number): number {
  const phase = phaseEnds.findIndex((end) => ageSeconds <= end);
  return phase === -1 ? phaseEnds.length : phase;
}

/** No chance counts as certain. */
export const mostHazard = 0.95;

export const policyBConfig: PolicyBConfig = {
  hazards: { up: [0.24868, 0.1499, 0.05713, 0.02286], down: [0.30074, 0.15787, 0.05727, 0.02417] },
  ageing: [1, 1 / 5, 1 / 18, 0],
  multiples: {
    up: [0.12, 0.26241, 0.57381, 1.25477, 2.74383, 6],
    down: [0.06, 0.15964, 0.42474, 1.13009, 3.00678, 8],
  },
  priorEnds: 8,
  lifePrior: 1.5,
  leastLife: 3,
  tierSpread: 0.5,
  missed: 60,
};
