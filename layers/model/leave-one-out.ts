import { slos } from '../../evaluation/service/line-up.ts';
import { omniscientAt } from '../../evaluation/service/omniscient.ts';
import { profiles } from '../../evaluation/service/profile.ts';
import { policyA } from '../../functions/core/backtest/simulator/policy-a.ts';
import type { PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import { simulate } from '../../functions/core/backtest/simulator/simulate.ts';
import { policyAConfig } from '../../functions/core/decision/policy-a/config.ts';
import { featureNames, lossHours } from '../../functions/core/decision/policy-a/features.ts';
import type { HazardWeights } from '../../functions/core/decision/policy-a/hazard.ts';
import type { Logistic } from './logistic.ts';
import type { ModelScores } from './model-scores.ts';
import { fitRows, knownAfter, scoreModel } from './train-models.ts';
import { type TrainingRow, trainingRows } from './training-rows.ts';

/** The models fitted to some rows: the one that policy A decides with, and the one whose scores are shown. */
interface Fitted {
  readonly hazard: Logistic;
  readonly hour: Logistic;
}

/** The result of a service under policy A in a group, with a weekly SLO. */
interface Played {
  readonly gap: number;
  /** Availability minus the SLO. */
  readonly slack: number;
}

/** How good models are on a source's records. */
export interface Worth {
  /** For losses within an hour. */
  readonly scores: ModelScores;
  /** One entry for each of `slos`, with one result for each group; profile `target`. */
  readonly policyA: readonly (readonly Played[])[];
}

export interface SourceWorth {
  readonly source: string;
  /** With the models fitted on all records. */
  readonly inSample: Worth;
  /** With the models fitted on all other sources' records. */
  readonly leftOut: Worth;
}

/** The source of a record: its name up to and including the date, such as `sky22-2022-10-26` or `sky23feb`. */
export const sourceOf = ({ id }: Pick<PoolGroup, 'id'>): string =>
  /^[a-z]+\d\d[a-z]*(-\d{4}-\d\d-\d\d)?/.exec(id)?.[0] ?? id;

/**
 * Leaves out each source in turn: fits the models on all others, and scores them and policy A on the one left out.
 * @throws RangeError if there are fewer than two sources
 */
export function leaveOneOut(groups: readonly PoolGroup[]): SourceWorth[] {
  const bySource = Map.groupBy(groups, sourceOf);
  if (bySource.size < 2) throw new RangeError(`one source cannot be left out of ${bySource.size}`);
  const rows = new Map([...bySource].map(([source, own]) => [source, own.flatMap(trainingRows)]));
  const all = fitted([...rows.values()].flat());
  return [...bySource].map(([source, own]) => {
    const worth = worthOn(own, rows.get(source)!);
    return { source, inSample: worth(all), leftOut: worth(fitWithout(rows, source)) };
  });
}

export const fitWithout = (rows: ReadonlyMap<string, readonly TrainingRow[]>, source: string): Fitted =>
  fitted([...rows].flatMap(([from, those]) => (from === source ? [] : those)));

const hour = 1;
const fitted = (rows: readonly TrainingRow[]): Fitted => ({
  hazard: fitRows(knownAfter(rows, lossHours[0]), lossHours[0]),
  hour: fitRows(knownAfter(rows, hour), hour),
});

function worthOn(groups: readonly PoolGroup[], rows: readonly TrainingRow[]): (model: Fitted) => Worth {
  const timing = profiles.target;
  const bounds = slos.map((slo) => groups.map((group) => omniscientAt(group, timing, slo).costRel));
  return ({ hazard, hour: model }) => {
    const config = { ...policyAConfig, hazard: weightsOf(hazard) };
    return {
      scores: scoreModel(model, knownAfter(rows, hour), hour),
      policyA: slos.map((availability, at) =>
        groups.map((group, index) => {
          const policy = policyA(group, { availability, over: 'week' }, timing, config);
          const played = simulate(group, policy, timing);
          const gap = (1 - played.costRel) / (1 - bounds[at]![index]!);
          return { gap, slack: played.availability - availability };
        }),
      ),
    };
  };
}

const weightsOf = ({ intercept, weights }: Logistic): HazardWeights =>
  ({ intercept, ...Object.fromEntries(featureNames.map((name, index) => [name, weights[index]!])) }) as HazardWeights;
