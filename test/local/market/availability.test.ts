import { describe, expect, it } from 'vitest';
import { capacityLosses, checkAvailability } from '../../../local/market/availability.ts';
import { isAvailable, type Market } from '../../../local/market/market.ts';
import { parsePrices, readPriceFile } from '../../../local/market/price-files.ts';
import { t, traceFile, traceMarket } from '../../support/fleet/simulated-fleet.ts';

describe('availability traces', () => {
  it('say when a pool has capacity, and when it loses it', () => {
    const market = traceMarket([[0, 1], [4, 2], [1, 1], [0, 2], [2, 1], [0, 1]]); // biome-ignore format: one run after the other
    const [pool] = market.pools;
    const at = ['00:00:00', '00:04:59', '00:05:00', '00:19:59', '00:20:00', '00:30:00', '00:35:00'];
    expect(at.map((time) => isAvailable(pool!, t(time)))).toEqual([false, false, true, true, false, true, false]);
    expect(capacityLosses(pool!).map((ms) => new Date(ms))).toEqual([t('00:20:00'), t('00:35:00')]);
  });

  it('that were recorded can be read', () => {
    const path = '../shared/data/availability/sky23apr-usw2-p3.2xlarge.json';
    const market = readPriceFile(path);
    expect(() => checkAvailability(market, path)).not.toThrow();
    expect(market.pools.map((pool) => capacityLosses(pool).length)).toEqual([44, 57]);
    expect(market.end.getTime() - market.start.getTime()).toBe(19961 * 32_000);
  });

  it.each([
    [[[1, 2]], 'pools[0].countRle has 2 steps where the file has 3'],
    [[[-1, 3]], 'pools[0].countRle[0][0]'],
    [[[1.5, 3]], 'pools[0].countRle[0][0]'],
    [[[1, 0]], 'pools[0].countRle[0][1]'],
    [[[null, 3]], 'pools[0].countRle[0][0]'],
    [[], 'pools[0].countRle'],
    ['1', 'pools[0].countRle'],
  ])('with the counts %j are refused', (counts, message) => {
    expect(() => parsePrices(traceFile(counts), 'trace.json')).toThrow(message);
  });

  it('without counts, or without a pool that was ever available, are refused', () => {
    const check = (market: Market) => () => checkAvailability(market, 'trace.json');
    const pools = [
      { az: 'us-west-2b', priceRle: [[0.03, 3]], countRle: [[1, 3]] },
      { az: 'us-west-2c', priceRle: [[0.04, 3]] },
    ];
    const partly = parsePrices(traceFile([], [], { pools }), 'trace.json');
    expect(check(partly)).toThrow('trace.json, pools[1] has no countRle');
    expect(check(traceMarket([[0, 3]], [[0, 3]]))).toThrow('no pool that is ever available');
  });
});
