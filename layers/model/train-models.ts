import type { PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import { lossHours } from '../../functions/core/decision/policy-a/features.ts';
import { chanceOf, type Example, fitLogistic, type Logistic } from './logistic.ts';
import { type ModelScores, scoreChances } from './model-scores.ts';
import { recalibratedOnline } from './recalibrated-online.ts';
import { type TrainingRow, trainingRows } from './training-rows.ts';

/** For scores, models are fitted on this first share of each record and scored on the rest. */
export const trainedShare = 0.7;

export interface TrainedModel {
  readonly hours: number;
  /** Fitted on all rows. */
  readonly model: Logistic;
  readonly rows: number;
  /** Scores on the later rows of all records, of a model fitted on the earlier rows. */
  readonly laterScores: ModelScores;
  /** The same of the chances as outcomes corrected them by then. */
  readonly recalibratedScores: ModelScores;
}

/**
 * Fits models on all rows of some groups. For scores, models of their earlier rows predict the later rows of all groups.
 * @param others groups that are too short to be fitted on
 */
export function trainModels(groups: readonly PoolGroup[], others: readonly PoolGroup[] = []): TrainedModel[] {
  const rows = groups.flatMap(trainingRows);
  const rowsOfOthers = others.flatMap(trainingRows);
  return lossHours.map((hours) => {
    const labelled = knownAfter(rows, hours);
    const trained = fitRows(labelled.filter(isEarlier), hours);
    const scored = knownAfter([...rows, ...rowsOfOthers], hours);
    return {
      hours,
      model: rounded(fitRows(labelled, hours)),
      rows: labelled.length,
      ...scoresOf(trained, scored, hours, isLater),
    };
  });
}

const isEarlier = ({ share }: TrainingRow) => share < trainedShare;
const isLater = (row: TrainingRow) => !isEarlier(row);

/**
 * Scores of a model on some of the rows, as it is and recalibrated online.
 * @param rows rows with a known outcome, see `knownAfter`; the recalibration learns from all of them
 */
export function scoresOf(
  model: Logistic,
  rows: readonly TrainingRow[],
  hours: number,
  isScored: (row: TrainingRow) => boolean = () => true,
): Pick<TrainedModel, 'laterScores' | 'recalibratedScores'> {
  const chances = rows.map(({ features }) => chanceOf(model, features));
  const recalibrated = recalibratedOnline(rows, chances, hours);
  const scored = [...rows.keys()].filter((row) => isScored(rows[row]!));
  const outcomes = scored.map((row) => rows[row]!.lostAfter <= hours);
  const scores = (of: readonly number[]) =>
    scoreChances(
      scored.map((row) => of[row]!),
      outcomes,
    );
  return { laterScores: scores(chances), recalibratedScores: scores(recalibrated) };
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
