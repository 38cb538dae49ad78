import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fittedHazards } from '../../../../../functions/core/decision/fitted-hazards.ts';
import { builtInModel } from '../../../../../functions/core/decision/model/built-in.ts';
import { GuardedModel, restMs } from '../../../../../functions/core/decision/model/guarded-model.ts';
import { layeredHazards } from '../../../../../functions/core/decision/model/layered-hazards.ts';
import type { OpenModel } from '../../../../../functions/core/decision/model/model-source.ts';
import { loadRuntime } from '../../../../../functions/core/decision/model/runtime.ts';
import { modelFailed } from '../../../../../functions/shared/alarm-lines.ts';
import { logger } from '../../../../../functions/shared/logger.ts';
import { ModelFile } from '../../../../../layers/model/model-file.ts';
import { onnxGraph } from '../../../../../layers/model/onnx-graph.ts';
import fc from '../../../../support/fast-check.ts';
import { readOurs, writeModel } from '../../../../support/models/model-directory.ts';
import { poolView } from '../../../../support/models/pool-views.ts';

const now = new Date('2026-03-04T12:00:00Z');
const groups = fc.sample(fc.array(poolView, { minLength: 1, maxLength: 3 }), { numRuns: 3, seed: 7 });

type Input = ModelFile['input'];
const ourInput = async (): Promise<Input> =>
  ModelFile.parse(JSON.parse(await readFile('layers/model/model.json', 'utf8'))).input;

let directory: string;
const errors = vi.spyOn(logger, 'error').mockImplementation(() => {});
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'model-'));
});
afterAll(() => rm(directory, { recursive: true }));

const whyOf = () => String((errors.mock.lastCall?.[1] as { error: Error }).error.message);
const logistic = (intercept: number, features = 8) => ({ weights: Array(features).fill(0), intercept });
const graph = (intercept: number, features?: number, chances = 3) =>
  onnxGraph('test', Array(chances).fill(logistic(intercept, features)));

describe('F7: a model leaves decisions to the weights, and raises an alarm, if it', () => {
  const at = (name: string) => join(directory, name.replaceAll(/\W+/g, '-'));
  it.each<[string, (where: string) => Promise<void>, RegExp]>([
    ['is missing', async () => {}, /ENOENT/],
    [
      'is cut off',
      async (where) => {
        await writeModel(where, {});
        await truncate(join(where, 'model.onnx'), 200);
      },
      /has the hash .*; model.json says/,
    ],
    [
      'is cut off, with the hash of what is left',
      async (where) => writeModel(where, { onnx: (await readOurs()).subarray(0, 200) }),
      /the ONNX runtime refuses it/,
    ],
    ['has another hash', (where) => writeModel(where, { sha256: '0'.repeat(64) }), /has the hash/],
    ['has a description that is none', (where) => writeModel(where, { output: 7 }), /output/],
    ['gives NaN', (where) => writeModel(where, { onnx: graph(Number.NaN) }), /is not a chance from 0 to 1/],
    ['takes other features', (where) => writeModel(where, { onnx: graph(0, 9) }), /it must be \[rows, 8\]/],
    ['gives other chances', (where) => writeModel(where, { onnx: graph(0, 8, 2) }), /it must be \[rows, 3\]/],
  ])('%s', async (name, write, why) => {
    await write(at(name));
    errors.mockClear();
    const model = layeredHazards(new GuardedModel(builtInModel(at(name))));
    expect(await model.hazards(groups, null, now)).toEqual(await fittedHazards.hazards(groups, null, now));
    expect(errors).toHaveBeenCalledExactlyOnceWith(modelFailed, expect.objectContaining({ model: 'built-in' }));
    expect(whyOf()).toMatch(why);
  });

  it.each([
    [
      'has its features in another order',
      (of: Input) => ({ ...of, features: of.features.toReversed() }),
      /^it was made for the features downHoursBefore/,
    ],
    [
      'takes an input of another name',
      (of: Input) => ({ ...of, name: 'pools' }),
      /^its input is features; it must be pools/,
    ],
  ])('%s', async (name, change, why) => {
    await writeModel(at(name), { input: change(await ourInput()) });
    const model = layeredHazards(new GuardedModel(builtInModel(at(name))));
    expect(await model.hazards(groups, null, now)).toMatchObject({ isDegraded: true });
    expect(whyOf()).toMatch(why);
  });

  it('has no runtime: the layer is missing', async () => {
    const missing = () => {
      throw new Error("Cannot find module 'onnxruntime-node'");
    };
    const model = layeredHazards(new GuardedModel(builtInModel('layers/model', missing)));
    expect(await model.hazards(groups, null, now)).toMatchObject({ isDegraded: true });
    expect(whyOf()).toBe("Cannot find module 'onnxruntime-node'");
  });
});

describe('a model that is slow', () => {
  /** A model whose inferences take these milliseconds each, on a clock that only they advance. */
  function slow(...takes: number[]) {
    let [ms, opened] = [0, 0];
    const open = async (): Promise<OpenModel> => {
      opened += 1;
      return {
        name: 'built-in@slow',
        infer: async (_, rows) => {
          ms += takes.shift() ?? 0;
          return new Float32Array(3 * rows).fill(0.5);
        },
      };
    };
    const model = layeredHazards(new GuardedModel({ kind: 'built-in', open }, () => ms));
    return { opened: () => opened, hazards: (at = now) => model.hazards(groups, null, at) };
  }

  it('counts as failed beyond 5 s, and not at 5 s', async () => {
    expect(await slow(5000).hazards()).toMatchObject({ model: 'built-in@slow', isDegraded: false });
    expect(await slow(5001).hazards()).toMatchObject({ model: expect.stringMatching(/^fitted@/), isDegraded: true });
    expect(whyOf()).toBe('it took 5.0 s; the limit is 5 s');
  });

  it('is left alone for five minutes, and then loaded anew', async () => {
    const model = slow(9000);
    await model.hazards();
    errors.mockClear();
    expect(await model.hazards(new Date(now.getTime() + restMs - 1))).toMatchObject({ isDegraded: true });
    expect({ opened: model.opened(), said: errors.mock.calls.length }).toEqual({ opened: 1, said: 0 });
    expect(await model.hazards(new Date(now.getTime() + restMs))).toMatchObject({ isDegraded: false });
    expect(model.opened()).toBe(2);
  });

  it('is loaded once, however many ask at once', async () => {
    const model = slow();
    await Promise.all([model.hazards(), model.hazards(), model.hazards()]);
    expect(model.opened()).toBe(1);
  });
});

it('the runtime is found', () => {
  expect(loadRuntime().InferenceSession).toBeDefined();
});
