import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PbfReader } from 'pbf';
import { describe, expect, it } from 'vitest';
import { groupFiles, readGroup } from '../../../evaluation/data/data-set.ts';
import { featureNames } from '../../../functions/core/decision/policy-a/features.ts';
import { chanceOf, fitLogistic } from '../../../layers/model/logistic.ts';
import { ModelFile, makeModel, sha256 } from '../../../layers/model/model-file.ts';
import { scoreChances } from '../../../layers/model/model-scores.ts';
import { recalibratedOnline } from '../../../layers/model/recalibrated-online.ts';
import { trainingRows } from '../../../layers/model/training-rows.ts';
import { describeRecorded, recordedData, recordedGroup } from '../../support/evaluation/recorded-data.ts';

const layer = join(import.meta.dirname, '../../../layers/model');
const onnx = readFileSync(join(layer, 'model.onnx'));
const file = ModelFile.parse(JSON.parse(readFileSync(join(layer, 'model.json'), 'utf8')));

/** The fields of one protobuf message, as numbers or bytes. */
function fieldsOf(bytes: Uint8Array): { field: number; value: number | Uint8Array }[] {
  const fields: { field: number; value: number | Uint8Array }[] = [];
  new PbfReader(bytes).readFields((field, _, pbf) => {
    fields.push({ field, value: pbf.type === 2 ? pbf.readBytes() : pbf.readVarint() });
  }, null);
  return fields;
}
const messages = (bytes: Uint8Array, field: number) =>
  fieldsOf(bytes).flatMap((one) => (one.field === field && typeof one.value !== 'number' ? [one.value] : []));
const texts = (bytes: Uint8Array, field: number) =>
  messages(bytes, field).map((value) => Buffer.from(value).toString());
const floats = (bytes: Uint8Array) =>
  Array.from({ length: bytes.length / 4 }, (_, index) => Buffer.from(bytes).readFloatLE(4 * index));

describe('the model of losses', () => {
  it('matches its description in model.json', () => {
    expect(file.sha256).toBe(sha256(onnx));
    expect(file.input.features.map(({ name }) => name)).toEqual(featureNames);
    expect(file.models.map(({ hours }) => hours)).toEqual(file.output.hours);
    expect(file.output.hours[0]).toBe(0.5);
  });

  it('is an ONNX graph with the weights of model.json', () => {
    const [graph] = messages(onnx, 7) as [Uint8Array];
    const nodes = messages(graph, 1).map((node) => [...texts(node, 4), ...texts(node, 1), ...texts(node, 2)]);
    expect(nodes).toEqual([
      ['Gemm', 'features', 'weights', 'intercepts', 'logits'],
      ['Sigmoid', 'logits', 'chances'],
    ]);
    const tensors = new Map(messages(graph, 5).map((tensor) => [texts(tensor, 8)[0], floats(messages(tensor, 9)[0]!)]));
    const models = file.models.length;
    for (const [index, { intercept, weights }] of file.models.entries()) {
      expect(tensors.get('intercepts')![index]).toBeCloseTo(intercept, 5);
      const column = tensors.get('weights')!.filter((_, at) => at % models === index);
      expect(column).toHaveLength(weights.length);
      for (const [feature, weight] of weights.entries()) expect(column[feature]).toBeCloseTo(weight, 5);
    }
  });
});

describe('fitting', () => {
  it('recovers the model that generated the examples', () => {
    const model = { intercept: -0.5, weights: [1.2, -0.7] };
    const examples = Array.from({ length: 40_000 }, (_, index) => {
      const features = [(index % 20) / 10 - 1, (Math.floor(index / 20) % 20) / 10 - 1];
      // Each pair of features meets 100 evenly spaced thresholds, so its share of positives is its chance.
      return { features, isPositive: ((Math.floor(index / 400) % 100) + 0.5) / 100 < chanceOf(model, features) };
    });
    const { intercept, weights } = fitLogistic(examples);
    for (const [found, wanted] of [[intercept, -0.5], [weights[0], 1.2], [weights[1], -0.7]]) // biome-ignore format: pairs
      expect(found).toBeCloseTo(wanted!, 1);
  });
});

describe('scores', () => {
  it('match those worked out by hand', () => {
    const scores = scoreChances([0.1, 0.4, 0.4, 0.9], [false, true, false, true]);
    expect(scores).toMatchObject({ rows: 4, baseRate: 0.5, auc: 0.875 });
    expect(scores.brier).toBeCloseTo((0.01 + 0.36 + 0.16 + 0.01) / 4, 12);
    expect(scores.ece).toBeCloseTo((0.1 + 0.2 + 0.1) / 4, 12);
  });
});

describeRecorded('training', () => {
  it('reproduces the committed bytes, and predicts better than the base rate', () => {
    const made = makeModel(groupFiles(recordedData, 'availability').map(readGroup));
    expect(Buffer.from(made.onnx).equals(onnx)).toBe(true);
    expect(made.file).toEqual(file);
    for (const { laterScores } of made.file.models) {
      expect(laterScores.auc).toBeGreaterThan(0.79);
      expect(laterScores.brier).toBeLessThan(laterScores.baseRate * (1 - laterScores.baseRate) * 0.8);
    }
  });

  it('predicts later times as well as was asked for, once recalibrated online', () => {
    const [halfHour, hour, sixHours] = file.models;
    expect(hour!.recalibratedScores.auc).toBeGreaterThanOrEqual(0.82);
    expect(hour!.recalibratedScores.brier).toBeLessThanOrEqual(0.134);
    expect(sixHours!.recalibratedScores.ece).toBeLessThanOrEqual(0.04);
    for (const { laterScores, recalibratedScores } of [halfHour!, hour!, sixHours!])
      expect(recalibratedScores.brier).toBeLessThan(laterScores.brier);
  });

  it('recalibrates by nothing that comes after a row', () => {
    const rows = trainingRows(recordedGroup('availability/sky22-2022-11-28-usw2-p3.2xlarge'));
    const chances = rows.map((_, row) => ((row * 7919) % 1000) / 1000);
    const changed = rows.map((row, n) => (n < 2000 ? row : { ...row, lostAfter: 0.1 }));
    const before = (of: typeof rows) => recalibratedOnline(of, chances, 6).slice(0, 2000);
    expect(before(changed)).toEqual(before(rows));
  });

  it('takes the features of a row from nothing that comes after it', () => {
    const group = recordedGroup('availability/sky22-2022-11-28-usw2-p3.2xlarge');
    const changed = {
      ...group,
      pools: group.pools.map((pool) => ({ ...pool, up: pool.up.map((up, step) => (step < 1000 ? up : 1 - up)) })),
    };
    const changesAt = Date.parse(group.startUtc!) / 1000 + 1000 * group.stepSeconds;
    const before = (of: typeof group) => trainingRows(of).filter(({ at }) => at < changesAt);
    expect(before(changed).map(({ features }) => features)).toEqual(before(group).map(({ features }) => features));
  });
});
