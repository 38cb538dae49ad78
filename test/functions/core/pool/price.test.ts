import { describe, expect, it } from 'vitest';
import {
  believedOnDemand,
  bucketOf,
  isNews,
  isPrice,
  priceFrom,
  sourceOf,
} from '../../../../functions/core/pool/price.ts';

describe('a price', () => {
  it.each([0.000001, 0.1, 100])('may be %d', (price) => {
    expect(isPrice(price)).toBe(true);
    expect(priceFrom(price)).toBe(price);
  });

  it.each([undefined, 0, -1, 100.01, Number.NaN, Number.POSITIVE_INFINITY])('may not be %s', (price) => {
    expect(isPrice(price)).toBe(false);
    expect(priceFrom(price)).toBeUndefined();
  });
});

describe('the on-demand price', () => {
  it.each([
    ['what was reported', 0.2, 0.3, 0.2],
    ['what was known, when nothing is reported', undefined, 0.3, 0.3],
    ['what was known, when what is reported can be no price', 101, 0.3, 0.3],
    ['what was known, when a failed look-up is reported', 0.1, 0.3, 0.3],
    ['that of a failed look-up, when none is known', 0.1, undefined, 0.1],
    ['none, when there is none', undefined, undefined, undefined],
  ])('is %s', (_, reported, known, believed) => {
    expect(believedOnDemand(reported, known)).toBe(believed);
  });
});

describe('the source of a report', () => {
  const reporter = { isPrimary: false, instanceStatus: 'running_replica', replicaType: null };

  it.each([
    ['primary', { isPrimary: true, instanceStatus: 'running_primary' }],
    ['replica-automatic', { replicaType: 'automatic-rebalance' }],
    ['replica-manual', { replicaType: 'manual' }],
    ['replica-manual', {}],
    [undefined, { instanceStatus: 'zombie' }],
    [undefined, { instanceStatus: 'terminated' }],
    [undefined, { isPrimary: null, instanceStatus: null }],
  ])('is %s for %j', (source, facts) => {
    expect(sourceOf({ ...reporter, ...facts })).toBe(source);
  });
});

it('a price is kept by the five minutes in which it was seen', () => {
  expect(bucketOf(new Date('2026-03-02T10:04:59.999Z'))).toEqual(new Date('2026-03-02T10:00:00Z'));
  expect(bucketOf(new Date('2026-03-02T10:05:00.000Z'))).toEqual(new Date('2026-03-02T10:05:00Z'));
});

it.each([
  ['a price that differs', { price: 0.04, at: new Date('2026-03-02T10:06:00Z') }, true],
  ['the same price in the same bucket', { price: 0.03, at: new Date('2026-03-02T10:05:00Z') }, false],
  ['the same price in the next bucket', { price: 0.03, at: new Date('2026-03-02T10:04:59Z') }, true],
  ['the first price', undefined, true],
])('news of a pool, or not: %s', (_, known, news) => {
  const pool = { id: 'm5.large.us-east-1a', instanceType: 'm5.large', az: 'us-east-1a', price: 0.03 };
  expect(isNews(pool, known, new Date('2026-03-02T10:05:00Z'))).toBe(news);
});
