import { expect, it } from 'vitest';
import { policyBConfig } from '../../../../../functions/core/decision/policy-b/config.ts';
import { runningKind } from '../../../../../functions/core/decision/policy-b/running-job.ts';
import { TableCache } from '../../../../../functions/core/decision/policy-b/table-cache.ts';
import { ValueTable } from '../../../../../functions/core/decision/policy-b/value-table.ts';
import { tablesByShare } from '../../../../../functions/core/decision/policy-b/value-tables.ts';

const kind = { ...runningKind(1), spotShare: 0.3 };
const make = () => new ValueTable(kind, policyBConfig.hazards, policyBConfig);
const { bytes } = make();

it('the cache keeps the tables that were used last, within its size', () => {
  const cache = new TableCache(3 * bytes);
  for (const key of ['a', 'b', 'c']) cache.get(key, make);
  const a = cache.get('a', make);
  cache.get('d', make); // evicts b, the least recently used
  expect([cache.bytes, cache.built]).toEqual([3 * bytes, 4]);
  expect(cache.get('a', make)).toBe(a);
  expect(cache.built).toBe(4);
  cache.get('b', make);
  expect([cache.bytes, cache.built]).toEqual([3 * bytes, 5]);
});

it('the cache stays within its size whatever is asked for, and a rebuilt table has the same values', () => {
  const [small, large] = [new TableCache(10 * bytes), new TableCache(Number.POSITIVE_INFINITY)];
  const [a, b] = [small, large].map((cache) => tablesByShare(runningKind(1.2), policyBConfig, cache));
  for (let n = 0; n < 200; n += 1) {
    const [share, up, down] = [(n % 7) / 10 + 0.1, ((n * 13) % 50) / 10 + 0.1, ((n * 29) % 70) / 10 + 0.1];
    const valuesOf = (tables: typeof a) =>
      tables!(share)
        .around(up, down)
        .map(([weight, table]) => [weight, table.at(50.5, 20.25, n % 20)]);
    expect(valuesOf(a)).toEqual(valuesOf(b));
    expect(small.bytes).toBeLessThanOrEqual(10 * bytes);
  }
  expect(small.built).toBeGreaterThan(large.built);
});
