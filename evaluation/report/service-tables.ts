import type { Folder } from '../data/data-folder.ts';
import type { ServiceRow } from '../run/rows.ts';
import { slos } from '../service/line-up.ts';
import type { ProfileName } from '../service/profile.ts';
import { deviation, mean } from './statistics.ts';
import type { Table } from './text-table.ts';

/** An availability may miss the SLO by this much: a few seconds of downtime are not significant. */
export const tolerance = 5e-5;

/** The scores of a policy over all groups of a set. */
export interface ServiceScore {
  readonly policy: string;
  readonly costs: readonly number[];
  readonly availabilities: readonly number[];
  /** Gap closed to the bound without an SLO, then to the bound of each SLO; NaN if any group misses that SLO. */
  readonly gaps: readonly number[];
  readonly movesPerWeek: number;
  /** The share of whole weeks that meet the highest SLO. */
  readonly goodWeeks: number;
}

export function serviceScores(rows: readonly ServiceRow[], set: Folder, profile: ProfileName): ServiceScore[] {
  const own = rows.filter((row) => row.set === set && row.profile === profile);
  const bounds = ['omniscient', ...slos.map((slo) => `omniscient @${slo}`)];
  return [...Map.groupBy(own, ({ policy }) => policy)].map(([policy, groups]) => {
    const costs = groups.map(({ results }) => mean(results.map(({ costRel }) => costRel)));
    const availabilities = groups.map(({ results }) => mean(results.map(({ availability }) => availability)));
    const worst = Math.min(...groups.flatMap(({ results }) => results.map(({ availability }) => availability)));
    const gaps = bounds.map((bound, index) => {
      if (index > 0 && worst < slos[index - 1]! - tolerance) return Number.NaN;
      return mean(
        groups.map(({ group }, at) => {
          const best = own.find((row) => row.policy === bound && row.group === group)!.results[0]!.costRel;
          return (1 - costs[at]!) / (1 - best);
        }),
      );
    });
    const played = groups.flatMap(({ results }) => results.filter((result) => 'weeks' in result));
    const weeks = played.flatMap(({ weeks }) => weeks);
    return {
      policy,
      costs,
      availabilities,
      gaps,
      movesPerWeek: played.length === 0 ? Number.NaN : mean(played.map(({ plannedPerWeek }) => plannedPerWeek)),
      goodWeeks: weeks.length === 0 ? Number.NaN : mean(weeks.map((week) => Number(week >= slos.at(-1)! - tolerance))),
    };
  });
}

const titles: Record<Folder, string> = {
  availability: 'Services on traces of availability',
  'availability-more': 'Services on further traces',
  prices: 'Services on prices alone',
};

export function serviceTable(scores: readonly ServiceScore[], set: Folder, profile: ProfileName): Table {
  const groups = scores[0]!.costs.length;
  return {
    title: `${titles[set]}, profile ${profile} (${groups} groups)`,
    head: [
      'policy',
      'cost',
      'SD',
      'availability',
      'least',
      'gap',
      ...slos.map((slo) => `gap @${slo}`),
      'least gap',
      'moves/wk',
      'good weeks',
    ],
    rows: scores.map(({ policy, costs, availabilities, gaps, movesPerWeek, goodWeeks }) => [
      policy,
      mean(costs).toFixed(4),
      deviation(costs).toFixed(3),
      mean(availabilities).toFixed(5),
      Math.min(...availabilities).toFixed(5),
      ...gaps.map((gap) => (Number.isNaN(gap) ? 'fails' : gap.toFixed(4))),
      leastGap(scores, costs).toFixed(3),
      Number.isNaN(movesPerWeek) ? '-' : movesPerWeek.toFixed(2),
      Number.isNaN(goodWeeks) ? '-' : `${(goodWeeks * 100).toFixed(0)} %`,
    ]),
  };
}

/** The smallest share of the possible savings without an SLO that a policy achieves in any group. */
function leastGap(scores: readonly ServiceScore[], costs: readonly number[]): number {
  const best = scores.find(({ policy }) => policy === 'omniscient')!.costs;
  return Math.min(...costs.map((cost, group) => (1 - cost) / (1 - best[group]!)));
}
