import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fittedHazards, fittedWeights } from '../../../../../functions/core/decision/fitted-hazards.ts';
import { builtInModel } from '../../../../../functions/core/decision/model/built-in.ts';
import { within } from '../../../../../functions/core/decision/model/deadline.ts';
import { GuardedModel } from '../../../../../functions/core/decision/model/guarded-model.ts';
import { layeredHazards } from '../../../../../functions/core/decision/model/layered-hazards.ts';
import { featureNames } from '../../../../../functions/core/decision/policy-a/features.ts';
import { hazardOf } from '../../../../../functions/core/decision/policy-a/hazard.ts';
import { chanceOf } from '../../../../../layers/model/logistic.ts';
import { ModelFile } from '../../../../../layers/model/model-file.ts';
import fc from '../../../../support/fast-check.ts';
import { poolView } from '../../../../support/models/pool-views.ts';

const now = new Date('2026-03-04T12:00:00Z');
const directory = 'layers/model';
const { models } = ModelFile.parse(JSON.parse(readFileSync(`${directory}/model.json`, 'utf8')));
const halfAnHour = models[0]!;

/** The chance of a loss within half an hour, given a hazard per hour. */
const chanceWithin = (hazard: number) => 1 - Math.exp(-hazard / 2);

it('the weights in TypeScript are those of the model', () => {
  const { intercept, ...weights } = fittedWeights;
  expect({ intercept, weights: featureNames.map((name) => weights[name]) }).toEqual({
    intercept: halfAnHour.intercept,
    weights: halfAnHour.weights,
  });
});

it('the graph gives the same chances as the weights, to a millionth', async () => {
  const { infer, name } = await builtInModel(directory).open(within(60_000));
  expect(name).toMatch(/^built-in@[0-9a-f]{12}$/);
  const feature = fc.double({ min: -8, max: 8, noNaN: true });
  const rows = fc.sample(fc.array(feature, { minLength: 8, maxLength: 8 }), { numRuns: 1000, seed: 1 });
  const chances = await infer(Float32Array.from(rows.flat()), rows.length, within(60_000));
  const worst = Math.max(
    ...rows.flatMap((row, r) => models.map((model, m) => Math.abs(chances[r * 3 + m]! - chanceOf(model, row)))),
  );
  expect(worst).toBeLessThan(1e-6);
});

it('the hazards of pools match the weights in TypeScript, with one inference for all groups', async () => {
  let runs = 0;
  const source = builtInModel(directory);
  const counted = new GuardedModel({
    kind: 'built-in',
    async open(deadline) {
      const { infer, name } = await source.open(deadline);
      return {
        name,
        infer: (...asked) => {
          runs += 1;
          return infer(...asked);
        },
      };
    },
  });
  const groups = fc.sample(fc.array(poolView, { minLength: 1, maxLength: 6 }), { numRuns: 200, seed: 2 });
  const told = await layeredHazards(counted).hazards([...groups, []], null, now);
  const fitted = await fittedHazards.hazards([...groups, []], null, now);
  expect(runs).toBe(1);
  expect(told).toMatchObject({ model: expect.stringMatching(/^built-in@/), isDegraded: false });
  expect(told.hazards.map(({ length }) => length)).toEqual([...groups.map(({ length }) => length), 0]);
  const worst = told.hazards.flatMap((pools, group) =>
    pools.map((hazard, pool) => Math.abs(chanceWithin(hazard) - chanceWithin(fitted.hazards[group]![pool]!))),
  );
  expect(Math.max(...worst)).toBeLessThan(1e-6);
});

it('a chance that rounds to 1 gives a finite hazard, which JSON can store', async () => {
  const sure = new GuardedModel({
    kind: 'built-in',
    open: async () => ({ name: 'built-in@1', infer: async () => Float32Array.of(1, 1, 1) }),
  });
  const [view] = fc.sample(poolView, 1);
  const { hazards } = await layeredHazards(sure).hazards([[view!]], null, now);
  expect(hazards).toEqual([[hazardOf(1 - 2 ** -24)]]);
});
