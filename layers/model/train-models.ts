import type { PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import { chanceOf, type Example, fitLogistic, type Logistic } from './logistic.ts';
import { type ModelScores, scoreChances } from './model-scores.ts';
import { type TrainingRow, trainingRows } from './training-rows.ts';

/** Hours within which a pool is lost or not; the first is what policy A decides on. */
export const horizons = [0.5, 1, 6] as const;

/** The first part of each record, of which models are fitted whose scores are taken on the rest. */
export const trainedShare = 0.7;

export interface TrainedModel {
  readonly hours: number;
  /** Of all rows. */
  readonly model: Logistic;
  readonly rows: number;
  /** Of a model of the earlier rows, on the later ones. */
  readonly laterScores: ModelScores;
}

/** The models of some groups, with what models of their earlier parts are worth on their later ones. */
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

/** The rows of which the record says whether the pool was lost within so many hours. */
export const knownAfter = (rows: readonly TrainingRow[], hours: number): TrainingRow[] =>
  rows.filter(({ recorded }) => recorded >= hours);

/** @param rows whose records say what became of them */
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

/** So that the last bits of a sum, which a compiler may change, do not change the model. */
const round = (value: number) => Number(value.toFixed(5));
const rounded = ({ intercept, weights }: Logistic): Logistic => ({
  intercept: round(intercept),
  weights: weights.map(round),
});
