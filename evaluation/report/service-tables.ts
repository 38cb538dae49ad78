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
  /** Standard deviations of these over groups. */
  readonly gapDeviations: readonly number[];
  readonly interruptionsPerWeek: number;
  readonly movesPerWeek: number;
  /** The most switches, planned or failovers, in any seven days of any group. */
  readonly mostSwitches: number;
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
    const gaps = bounds.map((bound) =>
      groups.map(({ group }, at) => {
        const best = own.find((row) => row.policy === bound && row.group === group)!.results[0]!.costRel;
        return (1 - costs[at]!) / (1 - best);
      }),
    );
    const isKept = (index: number) => index === 0 || worst >= slos[index - 1]! - tolerance;
    const overGroups = (statistic: typeof mean) =>
      gaps.map((each, index) => (isKept(index) ? statistic(each) : Number.NaN));
    const played = groups.flatMap(({ days, results }) =>
      results.flatMap((result) => ('weeks' in result ? [{ ...result, days }] : [])),
    );
    const weeks = played.flatMap(({ weeks }) => weeks);
    return {
      policy,
      costs,
      availabilities,
      gaps: overGroups(mean),
      gapDeviations: overGroups(deviation),
      interruptionsPerWeek: mean(played.map(({ interruptions, days }) => (7 * interruptions) / days)),
      movesPerWeek: mean(played.map(({ plannedPerWeek }) => plannedPerWeek)),
      mostSwitches: Math.max(...played.map(({ mostSwitchesInWeek }) => mostSwitchesInWeek)),
      goodWeeks: mean(weeks.map((week) => Number(week >= slos.at(-1)! - tolerance))),
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
      'lost/wk',
      'moves/wk',
      'most/7 d',
      'good weeks',
    ],
    rows: scores.map((score) => [
      score.policy,
      mean(score.costs).toFixed(4),
      deviation(score.costs).toFixed(3),
      mean(score.availabilities).toFixed(5),
      Math.min(...score.availabilities).toFixed(5),
      ...score.gaps.map((gap, index) =>
        Number.isNaN(gap) ? 'fails' : `${gap.toFixed(4)} ±${score.gapDeviations[index]!.toFixed(3)}`,
      ),
      leastGap(scores, score.costs).toFixed(3),
      numberOrDash(score.interruptionsPerWeek, 2),
      numberOrDash(score.movesPerWeek, 2),
      numberOrDash(score.mostSwitches, 0),
      Number.isNaN(score.goodWeeks) ? '-' : `${(score.goodWeeks * 100).toFixed(0)} %`,
    ]),
  };
}

/** A bound has no switches, and so no number of them. */
const numberOrDash = (value: number, decimals: number) => (Number.isFinite(value) ? value.toFixed(decimals) : '-');

/** The smallest share of the possible savings without an SLO that a policy achieves in any group. */
function leastGap(scores: readonly ServiceScore[], costs: readonly number[]): number {
  const best = scores.find(({ policy }) => policy === 'omniscient')!.costs;
  return Math.min(...costs.map((cost, group) => (1 - cost) / (1 - best[group]!)));
}
