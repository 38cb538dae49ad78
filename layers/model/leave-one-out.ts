import { slos } from '../../evaluation/service/line-up.ts';
import { omniscientAt } from '../../evaluation/service/omniscient.ts';
import { profiles } from '../../evaluation/service/profile.ts';
import { policyA } from '../../functions/core/backtest/simulator/policy-a.ts';
import type { PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import { simulate } from '../../functions/core/backtest/simulator/simulate.ts';
import { policyAConfig } from '../../functions/core/decision/policy-a/config.ts';
import { featureNames } from '../../functions/core/decision/policy-a/features.ts';
import type { HazardWeights } from '../../functions/core/decision/policy-a/hazard.ts';
import type { Logistic } from './logistic.ts';
import type { ModelScores } from './model-scores.ts';
import { fitRows, horizons, knownAfter, scoreModel } from './train-models.ts';
import { type TrainingRow, trainingRows } from './training-rows.ts';

/** The models of some rows: what policy A decides on, and the one whose scores are shown. */
interface Fitted {
  readonly hazard: Logistic;
  readonly hour: Logistic;
}

/** What a service under policy A came to in a group, with an SLO over the week. */
interface Played {
  readonly gap: number;
  /** Availability less the SLO. */
  readonly slack: number;
}

/** What models are worth on a source's records. */
export interface Worth {
  /** Of losses within an hour. */
  readonly scores: ModelScores;
  /** Of each of `slos`, of each group; target profile. */
  readonly policyA: readonly (readonly Played[])[];
}

export interface SourceWorth {
  readonly source: string;
  /** By the models of all records. */
  readonly inSample: Worth;
  /** By the models of all other sources' records. */
  readonly leftOut: Worth;
}

/** Where a record comes from: its name up to the date, such as `sky22-2022-10-26` or `sky23feb`. */
export const sourceOf = ({ id }: Pick<PoolGroup, 'id'>): string =>
  /^[a-z]+\d\d[a-z]*(-\d{4}-\d\d-\d\d)?/.exec(id)?.[0] ?? id;

/**
 * Fits the models on all sources but one, and scores them and policy A on the one that was left out, each in turn.
 * @throws RangeError when there are not two sources
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
  hazard: fitRows(knownAfter(rows, horizons[0]), horizons[0]),
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
