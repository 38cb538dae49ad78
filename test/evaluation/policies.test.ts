import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultPolicies, readPolicies } from '../../evaluation/policies.ts';
import { UsageError } from '../../local/command-line.ts';
import { temporaryFolder } from '../support/run/temporary-folder.ts';

const fileOf = (text: string) => {
  const path = join(temporaryFolder('policies'), 'policy.json');
  writeFileSync(path, text);
  return path;
};

describe('a file of policies', () => {
  it('changes the numbers that it names, and no others', () => {
    const policies = readPolicies(fileOf('{"a": {"pacing": {"priorDemand": 1000}, "priceMargin": 0.05}}'));
    const { a, b } = defaultPolicies;
    expect(policies).toEqual({ b, a: { ...a, priceMargin: 0.05, pacing: { ...a.pacing, priorDemand: 1000 } } });
  });

  it('may be empty: the default policies satisfy their own schema', () => {
    expect(readPolicies(fileOf('{}'))).toEqual(defaultPolicies);
  });

  it.each([
    ['{"a": {"priceMargn": 0.05}}', /Unrecognized key: "priceMargn"[\s\S]*at a$/],
    ['{"a": {"priceMargin": "much"}}', /expected number, received string[\s\S]*at a\.priceMargin/],
    ['{"a": {"pacing": {"lambdas": {"from": 5000}}}}', /from must be below to[\s\S]*at a\.pacing\.lambdas/],
    ['{"b": {"ageing": [1, 0.2, 0.05]}}', /at b\.ageing/],
    ['{"b": {"multiples": {"up": [2, 1]}}}', /must be ascending[\s\S]*at b\.multiples\.up/],
    ['{"c": {}}', /Unrecognized key: "c"/],
    ['[]', /expected object/],
    ['{', /JSON/],
  ])('that is invalid is refused with the reason: %s', (text, message) => {
    const path = fileOf(text);
    expect(() => readPolicies(path)).toThrow(UsageError);
    expect(() => readPolicies(path)).toThrow(message);
    expect(() => readPolicies(path)).toThrow(`--policy ${path}: `);
  });

  it('that does not exist is refused', () => {
    expect(() => readPolicies('/nowhere/policy.json')).toThrow('--policy /nowhere/policy.json: ');
  });
});
