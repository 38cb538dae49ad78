import { createHash } from 'node:crypto';
import * as z from 'zod';
import { isLongEnough } from '../../evaluation/data/data-set.ts';
import type { PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import { featureDefinitions, featureNames } from '../../functions/core/decision/policy-a/features.ts';
import { graphInput, graphOutput, onnxGraph } from './onnx-graph.ts';
import { type TrainedModel, trainedShare, trainModels } from './train-models.ts';

const scores = z.object({
  rows: z.int(),
  baseRate: z.number(),
  auc: z.number(),
  brier: z.number(),
  ece: z.number(),
});

/** The shape of model.json, which describes model.onnx. */
export const ModelFile = z.object({
  description: z.string(),
  /** The SHA-256 of model.onnx. */
  sha256: z.string(),
  input: z.object({
    name: z.string(),
    type: z.string(),
    /** In the order of the columns. */
    features: z.array(z.object({ name: z.string(), definition: z.string() })),
  }),
  output: z.object({
    name: z.string(),
    type: z.string(),
    /** In the order of the columns. Each column is the chance that a pool, up now, is lost within this many hours. */
    hours: z.array(z.number()),
  }),
  models: z.array(
    z.object({
      hours: z.number(),
      intercept: z.number(),
      weights: z.array(z.number()).readonly(),
      rows: z.int(),
      /** Scores on the last part of each record, of a model that was fitted on the first part; and recalibrated online. */
      laterScores: scores,
      recalibratedScores: scores,
    }),
  ),
  trainedShare: z.number(),
  data: z.array(z.object({ group: z.string(), from: z.string(), days: z.number(), pools: z.int() })),
});
export type ModelFile = z.infer<typeof ModelFile>;

/** Makes the model's two files. The same data give the same bytes. */
export function makeModel(recorded: readonly PoolGroup[]): { onnx: Uint8Array; file: ModelFile } {
  const groups = recorded.filter(isLongEnough);
  const trained = trainModels(
    groups,
    recorded.filter((group) => !isLongEnough(group)),
  );
  const onnx = onnxGraph(
    'spot-pool-loss',
    trained.map(({ model }) => model),
  );
  return { onnx, file: describe(trained, groups, onnx) };
}

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function describe(trained: readonly TrainedModel[], groups: readonly PoolGroup[], onnx: Uint8Array): ModelFile {
  return {
    description:
      'Chances that a Spot pool, up now, is lost: logistic models, see docs/adr/0051-a-logistic-model-of-losses.md',
    sha256: sha256(onnx),
    input: {
      name: graphInput,
      type: 'float32 [rows, features]',
      features: featureNames.map((name) => ({ name, definition: featureDefinitions[name] })),
    },
    output: { name: graphOutput, type: 'float32 [rows, hours]', hours: trained.map(({ hours }) => hours) },
    models: trained.map(({ hours, model, rows, laterScores, recalibratedScores }) => ({
      hours,
      ...model,
      rows,
      laterScores: roundedScores(laterScores),
      recalibratedScores: roundedScores(recalibratedScores),
    })),
    trainedShare,
    data: groups.map(({ id, startUtc, steps, stepSeconds, pools }) => ({
      group: id,
      from: startUtc ?? 'unknown',
      days: Number(((steps * stepSeconds) / 86_400).toFixed(2)),
      pools: pools.length,
    })),
  };
}

const roundedScores = (of: z.infer<typeof scores>) => ({
  ...of,
  baseRate: round(of.baseRate),
  auc: round(of.auc),
  brier: round(of.brier),
  ece: round(of.ece),
});
const round = (value: number) => Number(value.toFixed(4));
