import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { priceAt } from '../../../local/market/market.ts';
import { regionOf } from '../../../local/market/price-events.ts';
import { parsePrices, readPriceFile } from '../../../local/market/price-files.ts';
import { t } from '../../support/fleet/simulated-fleet.ts';
import { temporaryFolder } from '../../support/run/temporary-folder.ts';

const header = 'Timestamp,InstanceType,ProductDescription,SpotPrice,AvailabilityZone';
const csv = (...lines: string[]) => [header, ...lines].join('\n');

describe('price files', () => {
  it('reads CSV whatever the order of its columns and rows', () => {
    const market = parsePrices(
      [
        'AvailabilityZone,SpotPrice,Timestamp,"ProductDescription",InstanceType',
        'us-east-1a,0.05,2024-01-01T02:00:00Z,Linux/UNIX,m5.large',
        '  ',
        'us-east-1b,0.03,2024-01-01T01:00:00+00:00,Linux/UNIX,m5.large',
        '"us-east-1a","0.04",2024-01-01T00:00:00Z,"Linux/UNIX",m5.large',
        '',
      ].join('\r\n'),
      'p.csv',
    );
    expect(market).toMatchObject({ instanceType: 'm5.large', region: 'us-east-1', onDemandPrice: 0.096 });
    expect(market.pools.map(({ az, steps }) => [az, steps.length])).toEqual([
      ['us-east-1a', 2],
      ['us-east-1b', 1],
    ]);
    // Not before us-east-1b has its first price.
    expect(market.start).toEqual(t('01:00:00'));
    expect(market.end).toEqual(t('02:00:00'));
    expect(market.notes.join()).toMatch(/Starts 2024-01-01T01:00:00Z, when every pool has a price/);
  });

  it('reads the JSON of describe-spot-price-history', () => {
    const row = (Timestamp: string, SpotPrice: string) => ({
      AvailabilityZone: 'us-east-1f',
      InstanceType: 'c5a.2xlarge',
      ProductDescription: 'Linux/UNIX',
      SpotPrice,
      Timestamp,
    });
    const SpotPriceHistory = [row('2024-01-01T05:00:00+00:00', '0.1700'), row('2024-01-01T00:00:00+00:00', '0.1638')];
    const market = parsePrices(JSON.stringify({ SpotPriceHistory }), 'p.json');
    expect(market.onDemandPrice).toBe(0.308);
    expect(market.pools[0]!.steps).toEqual([
      { from: t('00:00:00').getTime(), price: 0.1638 },
      { from: t('05:00:00').getTime(), price: 0.17 },
    ]);
  });

  const trace = (over: object = {}) => ({
    instanceType: 'm5.large',
    region: 'us-east-1',
    onDemandPrice: 0.1,
    startUtc: '2024-01-01T00:00:00Z',
    stepSeconds: 600,
    steps: 6,
    pools: [
      {
        azId: 'use1-az1',
        priceRle: [
          [0.04, 2],
          [null, 1],
          [0.05, 3],
        ],
      },
    ],
    ...over,
  });

  it('reads run-length JSON, where null means no price', () => {
    const market = parsePrices(JSON.stringify(trace()), 'p.json');
    const [pool] = market.pools;
    expect(market).toMatchObject({ onDemandPrice: 0.1, start: t('00:00:00'), end: t('01:00:00') });
    expect(['00:00:00', '00:19:59', '00:20:00', '00:29:59', '00:30:00'].map((time) => priceAt(pool!, t(time)))).toEqual(
      [0.04, 0.04, null, null, 0.05],
    );
  });

  it('reads a gzipped file', () => {
    const file = join(temporaryFolder('prices'), 'p.csv.gz');
    writeFileSync(file, gzipSync(csv('2024-01-01T00:00:00Z,m5.large,Linux/UNIX,0.04,us-east-1a')));
    expect(readPriceFile(file).pools[0]!.az).toBe('us-east-1a');
  });

  it('chooses the most frequent type and product, says so, and chooses others when told', () => {
    const text = csv(
      '2024-01-01T00:00:00Z,m5.large,Linux/UNIX,0.04,us-east-1a',
      '2024-01-01T01:00:00Z,m5.large,Linux/UNIX,0.05,us-east-1a',
      '2024-01-01T01:00:00Z,m5.large,Windows,0.09,us-east-1a',
      '2024-01-01T01:00:00Z,c5.large,Linux/UNIX,0.03,us-east-1a',
    );
    const market = parsePrices(text, 'p.csv');
    expect(market.notes.join()).toMatch(
      /Chose the most frequent of 2 instance types, m5.large; --instance-type chooses another/,
    );
    expect(market.notes.join()).toMatch(/Chose the most frequent of 2 products, Linux\/UNIX/);
    expect(market.pools[0]!.steps).toHaveLength(2);
    expect(parsePrices(text, 'p.csv', { instanceType: 'c5.large' }).instanceType).toBe('c5.large');
    expect(parsePrices(text, 'p.csv', { product: 'Windows' }).pools[0]!.steps[0]!.price).toBe(0.09);
    expect(() => parsePrices(text, 'p.csv', { product: 'SUSE Linux' })).toThrow(
      'p.csv has no product SUSE Linux; it has Linux/UNIX, Windows (see --product)',
    );
  });

  it('lets a pool that appears after the first day join later', () => {
    const market = parsePrices(
      csv(
        '2024-01-01T00:00:00Z,m5.large,Linux/UNIX,0.04,us-east-1a',
        '2024-01-05T00:00:00Z,m5.large,Linux/UNIX,0.03,us-east-1b',
      ),
      'p.csv',
    );
    expect(market.start).toEqual(t('00:00:00'));
    expect(priceAt(market.pools[1]!, t('12:00:00'))).toBeNull();
    expect(market.notes.join()).toMatch(/1 of 2 pools have no price during the first day/);
  });

  it('asks for the on-demand price if it is not known', () => {
    const text = csv('2024-01-01T00:00:00Z,x9.huge,Linux/UNIX,0.04,us-east-1a');
    expect(() => parsePrices(text, 'p.csv')).toThrow(/x9.huge.*give --on-demand-price/);
    expect(parsePrices(text, 'p.csv', { onDemandPrice: 2 }).onDemandPrice).toBe(2);
  });

  it.each([
    ['an empty file', '\n', 'p is empty'],
    ['a header of something else', 'a,b\n1,2', 'p, line 1: no column timestamp; saw a,b'],
    ['a header alone', header, 'p has a header but no prices'],
    ['a bad price below an empty line', csv('', '2024-01-01,a,b,cheap,c'), 'p, line 3: SpotPrice is "cheap"'],
    ['an open quote', csv('2024-01-01,"m5.large,Linux/UNIX,1,us-east-1a'), 'p, line 2: Quote Not Closed'],
    [
      'a row with a missing field',
      csv('2024-01-01,m5.large,Linux/UNIX,1'),
      'p, line 2: 4 fields where the header has 5',
    ],
    ['a price that is not a number', csv('2024-01-01T00:00:00Z,a,b,cheap,c'), 'p, line 2: SpotPrice is "cheap"'],
    ['an empty price', csv('2024-01-01T00:00:00Z,a,b,,c'), 'p, line 2: SpotPrice is ""'],
    [
      'a negative price',
      csv('2024-01-01T00:00:00Z,a,b,0.1,c', '2024-01-01T00:00:00Z,a,b,-1,c'),
      'p, line 3: SpotPrice is "-1"',
    ],
    ['a time that is not a time', csv('yesterday,a,b,0.1,c'), 'p, line 2: Timestamp is "yesterday"'],
    ['a row without a zone', csv('2024-01-01T00:00:00Z,a,b,0.1,'), 'p, line 2: AvailabilityZone is empty'],
    ['JSON that breaks off', '{"pools": [', 'p is not JSON'],
    ['JSON without prices', '{"x": 1}', 'p is JSON with neither SpotPriceHistory nor pools; saw the fields x'],
    ['a list', '[1]', 'p is JSON with neither SpotPriceHistory nor pools; saw a list'],
    [
      'a history without zone',
      '{"SpotPriceHistory":[{"InstanceType":"a","ProductDescription":"b","SpotPrice":"1","Timestamp":"2024-01-01"}]}',
      'p, SpotPriceHistory[0] has neither',
    ],
    [
      'a trace with a bad run',
      JSON.stringify(trace({ pools: [{ az: 'a', priceRle: [['x', 1]] }] })),
      'p, pools[0].priceRle[0][0]: ',
    ],
    [
      'a trace that is too short',
      JSON.stringify(trace({ steps: 7 })),
      'p, pools[0].priceRle has 6 steps where the file has 7',
    ],
    [
      'a trace without a price',
      JSON.stringify(trace({ pools: [{ az: 'a', priceRle: [[null, 6]] }] })),
      'p has no price at all',
    ],
    [
      'a trace without a zone',
      JSON.stringify(trace({ pools: [{ priceRle: [[1, 6]] }] })),
      'p, pools[0] has neither az nor azId',
    ],
  ])('says what is wrong with %s', (_, text, message) => {
    expect(() => parsePrices(text, 'p')).toThrow(message);
  });

  it('says that a file is missing', () => {
    expect(() => readPriceFile('no/such/file.csv')).toThrow(/cannot read no\/such\/file.csv: ENOENT/);
  });

  it.each([
    ['us-east-1b', 'us-east-1'],
    ['us-west-2-lax-1a', 'us-west-2'],
    ['us-gov-west-1a', 'us-gov-west-1'],
    ['use1-az2', 'us-east-1'],
    ['apne2-az4', 'ap-northeast-2'],
    ['cac1-az1', 'ca-central-1'],
    ['aps1-az1', 'ap-south-1'],
    ['euw3-az3', 'eu-west-3'],
    ['moon', 'moon'],
  ])('knows the region of %s', (az, region) => {
    expect(regionOf(az)).toBe(region);
  });
});

const sharedData = process.env.SHARED_DATA ?? join(import.meta.dirname, '../../../../shared/data');
const prices = join(sharedData, 'prices');
const hasPrices = existsSync(prices);
if (!hasPrices) console.warn(`no recorded prices at ${prices} (set SHARED_DATA): their tests are skipped`);

describe('recorded prices', () => {
  it.runIf(process.env.CI)('are present', () => {
    expect(hasPrices, `${prices} is missing; set SHARED_DATA`).toBe(true);
  });

  it.runIf(hasPrices)('of c5a.2xlarge are read as published', () => {
    const market = readPriceFile(join(prices, 'spot-price-history-c5a.2xlarge-us-east-1.csv'));
    expect(market).toMatchObject({ instanceType: 'c5a.2xlarge', region: 'us-east-1', onDemandPrice: 0.308 });
    expect(market.pools.map(({ az }) => az.at(-1)).join('')).toBe('bcdef');
    expect(priceAt(market.pools[4]!, market.start)).toBe(0.1638);
  });

  it.runIf(hasPrices)('of SpotLake are read from all 33 files', () => {
    const files = readdirSync(prices).filter((file) => file.startsWith('spotlake'));
    const markets = files.map((file) => readPriceFile(join(prices, file)));
    expect(markets).toHaveLength(33);
    for (const { start, end, pools } of markets) {
      expect(end.getTime() - start.getTime()).toBe(20 * 86_400_000);
      expect(pools.length).toBeGreaterThanOrEqual(2);
    }
  });

  it.runIf(hasPrices)('of one day and all regions are read for the type and region chosen', () => {
    const file = join(prices, 'spot-price-history-2022-05-31-all-regions.csv.gz');
    const market = readPriceFile(file, { instanceType: 'm5.large', region: 'us-east-1' });
    const zones = gunzipSync(readFileSync(file))
      .toString()
      .match(/^use1-\S+,m5\.large,Linux\/UNIX,/gm)!;
    expect(market.pools).toHaveLength(new Set(zones).size);
    expect(() => readPriceFile(file, { region: 'us-east-1', instanceType: 'c5.metal' })).toThrow('--on-demand-price');
  });
});
