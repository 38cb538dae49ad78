import type { PoolView } from './input.ts';

/**
 * What a pool's hazard depends on, in the order that models expect. Logarithms are natural, times are in hours.
 * Siblings are the other pools of the group, which all have one type and region.
 */
export const featureDefinitions = {
  rate7d: 'ln((drops in the last 168 h + 0.5) / (hours up in the last 168 h + 6))',
  rate24h: 'ln((drops in the last 24 h + 0.5) / (hours up in the last 24 h + 6))',
  upHours: 'ln(hours since the pool came up, with the current period, + at most 4 of not being seen, + 0.05)',
  drops1h: 'drops in the last hour',
  siblingsUp: 'share of the known siblings that are up; 0.5 when none is known; 0 when there are none',
  siblingDrops1h: 'drops of the known siblings in the last hour, by their number; 0 when none is known',
  previousUpHours: 'ln(hours of the up-spell before this one + 0.1); ln 3 when there was none',
  downHoursBefore: 'ln(hours of the down-spell just before this up-spell + 0.1)',
} as const;

/** Models predict whether a pool, up now, is lost within this many hours: a chance for each, in this order. */
export const lossHours = [0.5, 1, 6] as const;

/** A pool that is not observed counts as still up for this many hours at most. */
const longestUnseen = 4;
/** The share of siblings that counts as up when none of them is known. */
const unknownShare = 0.5;

export type FeatureName = keyof typeof featureDefinitions;
export const featureNames = Object.keys(featureDefinitions) as FeatureName[];

/**
 * The features of each pool of a group. Siblings of unknown state count neither as up nor as down.
 * @returns a row for each pool in the order given, with columns in the order of `featureNames`
 */
export function featuresOf(pools: readonly PoolView[]): number[][] {
  const known = pools.filter(({ availability }) => availability !== 'unknown');
  const up = known.filter(({ availability }) => availability === 'up').length;
  const drops = known.reduce((sum, { history }) => sum + history.drops1h, 0);
  return pools.map(({ availability, history }) => {
    const isKnown = availability !== 'unknown';
    const siblings = known.length - Number(isKnown);
    const shared = (total: number, own: number, none: number) =>
      siblings === 0 ? (pools.length > 1 ? none : 0) : (total - (isKnown ? own : 0)) / siblings;
    const { previousUpHours } = history;
    return [
      Math.log((history.drops7d + 0.5) / (history.upHours7d + 6)),
      Math.log((history.drops24h + 0.5) / (history.upHours24h + 6)),
      Math.log(history.upHours + Math.min(history.unseenHours, longestUnseen) + 0.05),
      history.drops1h,
      shared(up, Number(availability === 'up'), unknownShare),
      shared(drops, history.drops1h, 0),
      Math.log(previousUpHours === null ? 3 : previousUpHours + 0.1),
      Math.log(history.downHoursBefore + 0.1),
    ];
  });
}
