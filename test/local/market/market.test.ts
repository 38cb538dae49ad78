import { describe, expect, it } from 'vitest';
import { capacityLosses } from '../../../local/market/availability.ts';
import { priceAt, shiftMarket, spotCost } from '../../../local/market/market.ts';
import { syntheticMarket } from '../../../local/market/synthetic-market.ts';
import { seeded } from '../../../local/random.ts';
import { later, market, t, traceMarket } from '../../support/fleet/simulated-fleet.ts';

describe('market', () => {
  it('charges each second at the price of its step', () => {
    const random = seeded(7);
    const [pool] = market.pools;
    for (let run = 0; run < 20; run++) {
      const from = later(market.start, Math.floor(random() * 14_400));
      const to = later(from, Math.floor(random() * 14_400));
      let expected = 0;
      let last = 0;
      for (let time = market.start; time < to; time = later(time, 1)) {
        last = priceAt(pool!, time) ?? last;
        if (time >= from) expected += last / 3600;
      }
      expect(spotCost(pool!, from, to)).toBeCloseTo(expected, 9);
    }
  });

  it('charges the last price while a pool has none', () => {
    expect(priceAt(market.pools[0]!, t('02:30:00'))).toBeNull();
    expect(spotCost(market.pools[0]!, t('02:00:00'), t('03:00:00'))).toBeCloseTo(0.06, 12);
  });

  it('is the same for the same synthetic seed, and says that it is synthetic', () => {
    const make = (seed: number) => syntheticMarket({ seed, start: market.start, days: 7 });
    expect(make(1)).toEqual(make(1));
    expect(make(1).pools).not.toEqual(make(2).pools);
    expect(make(1).notes[0]).toMatch(/SYNTHETIC/);
    for (const { steps } of make(3).pools)
      for (const { price } of steps) expect(price! > 0.01 && price! < 0.096).toBe(true);
  });

  it('shifts its prices and its capacity in time', () => {
    const shifted = shiftMarket(traceMarket([[1, 1], [0, 2]]), 3600_000); // biome-ignore format: one run after the other
    expect([shifted.start, shifted.end]).toEqual([t('01:00:00'), t('01:15:00')]);
    expect(shifted.pools[0]!.steps).toEqual([{ from: t('01:00:00').getTime(), price: 0.03 }]);
    expect(capacityLosses(shifted.pools[0]!).map((ms) => new Date(ms))).toEqual([t('01:05:00')]);
  });
});
