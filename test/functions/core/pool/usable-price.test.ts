import { expect, it } from 'vitest';
import { isOutlier, usablePrice } from '../../../../functions/core/pool/usable-price.ts';

const now = new Date('2026-03-02T12:00:00Z');
const seen = (price: number, minutesAgo: number) => ({ price, at: new Date(now.getTime() - minutesAgo * 60_000) });

it.each([
  ['nothing where nothing is known', undefined, undefined, undefined],
  ['its own where nothing is trusted', seen(0.04, 5), undefined, 0.04],
  ['the trusted one where it has seen none itself', undefined, seen(0.03, 5), 0.03],
  ['its own where that is newer', seen(0.04, 0), seen(0.03, 5), 0.04],
  ['the trusted one where that is newer', seen(0.04, 10), seen(0.03, 5), 0.03],
  ['its own half as dear again, as prices do move', seen(0.045, 0), seen(0.03, 5), 0.045],
  ['not its own more than half off', seen(0.0451, 0), seen(0.03, 5), 0.03],
  ['not its own at less than half', seen(0.0149, 0), seen(0.03, 5), 0.03],
  ['its own, whatever was trusted more than an hour ago', seen(0.3, 0), seen(0.03, 61), 0.3],
])('a tenant goes by %s', (_, own, trusted, price) => {
  expect(usablePrice({ own, trusted }, now)?.price).toBe(price);
});

it('no price is an outlier if none is trusted', () => {
  expect(isOutlier(99, undefined, now)).toBe(false);
});
