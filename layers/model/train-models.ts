import type { PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import { chanceOf, type Example, fitLogistic, type Logistic } from './logistic.ts';
import { type ModelScores, scoreChances } from './model-scores.ts';
import { type TrainingRow, trainingRows } from './training-rows.ts';

/** Hours within which a pool is lost or not, with one model for each. Policy A decides with the first. */
export const horizons = [0.5, 1, 6] as const;

/** For scores, models are fitted on this first share of each record and scored on the rest. */
export const trainedShare = 0.7;

export interface TrainedModel {
  readonly hours: number;
  /** Fitted on all rows. */
  readonly model: Logistic;
  readonly rows: number;
  /** Scores on the later rows, of a model fitted on the earlier ones. */
  readonly laterScores: ModelScores;
}

/** Fits models on all rows of some groups, and scores models of their earlier rows on their later ones. */
export function trainModels(groups: readonly PoolGroup[]): TrainedModel[] {
  const rows = groups.flatMap(trainingRows);
  return horizons.map((hours) => {
    const labelled = knownAfter(rows, hours);
    const earlier = labelled.filter(({ share }) => share < trainedShare);
    const later = labelled.filter(({ share }) => share >= trainedShare);
    const trained = fitRows(earlier, hours);
    return {
      hours,
      model: rounded(fitRows(labelled, hours)),
      rows: labelled.length,
      laterScores: scoreModel(trained, later, hours),
    };
  });
}

/** The rows for which the record is long enough to tell whether the pool was lost within these hours. */
export const knownAfter = (rows: readonly TrainingRow[], hours: number): TrainingRow[] =>
  rows.filter(({ recorded }) => recorded >= hours);

/** @param rows rows with a known outcome, see `knownAfter` */
export const fitRows = (rows: readonly TrainingRow[], hours: number): Logistic => fitLogistic(examplesOf(rows, hours));

export function scoreModel(model: Logistic, rows: readonly TrainingRow[], hours: number): ModelScores {
  const examples = examplesOf(rows, hours);
  return scoreChances(
    examples.map(({ features }) => chanceOf(model, features)),
    examples.map(({ isPositive }) => isPositive),
  );
}

const examplesOf = (rows: readonly TrainingRow[], hours: number): Example[] =>
  rows.map(({ features, lostAfter }) => ({ features, isPositive: lostAfter <= hours }));

/** Rounds the weights, so that the last bits of a sum, which may differ between machines, do not change the model. */
const round = (value: number) => Number(value.toFixed(5));
const rounded = ({ intercept, weights }: Logistic): Logistic => ({
  intercept: round(intercept),
  weights: weights.map(round),
});
