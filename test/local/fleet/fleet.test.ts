import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agentRoutes } from '../../../functions/agent/routes.ts';
import { replicaRoutes } from '../../../functions/replica/routes.ts';
import type { Route } from '../../../functions/shared/route.ts';
import type { Command } from '../../../local/fleet/agents/agent.ts';
import { closeConnections } from '../../../local/fleet/agents/agent-http.ts';
import { restSeconds, staggered } from '../../../local/fleet/agents/cadence.ts';
import { Ec2, type Interruption, type LaunchRequest } from '../../../local/fleet/ec2/ec2.ts';
import { costsOf, machinesOf, savingsPercent } from '../../../local/fleet/report/costs.ts';
import { refusedByGate } from '../../../local/fleet/report/decision-log.ts';
import { report } from '../../../local/fleet/report/report.ts';
import { Fleet, type FleetOptions } from '../../../local/fleet/run/fleet.ts';
import { help, readOptions } from '../../../local/fleet/run/options.ts';
import { Simulation } from '../../../local/fleet/run/simulation.ts';
import { type Market, priceAt, spotCost } from '../../../local/market/market.ts';
import { regionOf } from '../../../local/market/price-events.ts';
import { parsePrices, readPriceFile } from '../../../local/market/price-files.ts';
import { syntheticMarket } from '../../../local/market/synthetic-market.ts';
import { seeded } from '../../../local/random.ts';

const t = (text: string) => new Date(`2024-01-01T${text}Z`);
const later = (from: Date, seconds: number) => new Date(from.getTime() + seconds * 1000);

const header = 'Timestamp,InstanceType,ProductDescription,SpotPrice,AvailabilityZone';
const csv = (...lines: string[]) => [header, ...lines].join('\n');

describe('price files', () => {
  it('reads CSV whatever the order of its columns and rows', () => {
    const market = parsePrices(
      [
        'AvailabilityZone,SpotPrice,Timestamp,"ProductDescription",InstanceType',
        'us-east-1a,0.05,2024-01-01T02:00:00Z,Linux/UNIX,m5.large',
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
    const file = join(mkdtempSync(join(tmpdir(), 'prices-')), 'p.csv.gz');
    writeFileSync(file, gzipSync(csv('2024-01-01T00:00:00Z,m5.large,Linux/UNIX,0.04,us-east-1a')));
    expect(readPriceFile(file).pools[0]!.az).toBe('us-east-1a');
  });

  it('takes the most frequent type and product, says so, and takes others when told', () => {
    const text = csv(
      '2024-01-01T00:00:00Z,m5.large,Linux/UNIX,0.04,us-east-1a',
      '2024-01-01T01:00:00Z,m5.large,Linux/UNIX,0.05,us-east-1a',
      '2024-01-01T01:00:00Z,m5.large,Windows,0.09,us-east-1a',
      '2024-01-01T01:00:00Z,c5.large,Linux/UNIX,0.03,us-east-1a',
    );
    const market = parsePrices(text, 'p.csv');
    expect(market.notes.join()).toMatch(
      /Of 2 instance types took the most frequent, m5.large; --instance-type takes another/,
    );
    expect(market.notes.join()).toMatch(/Of 2 products took the most frequent, Linux\/UNIX/);
    expect(market.pools[0]!.steps).toHaveLength(2);
    expect(parsePrices(text, 'p.csv', { instanceType: 'c5.large' }).instanceType).toBe('c5.large');
    expect(parsePrices(text, 'p.csv', { product: 'Windows' }).pools[0]!.steps[0]!.price).toBe(0.09);
    expect(() => parsePrices(text, 'p.csv', { product: 'SUSE Linux' })).toThrow(
      'p.csv has no product SUSE Linux; it has Linux/UNIX, Windows (see --product)',
    );
  });

  it('lets a pool that appears late join late', () => {
    const market = parsePrices(
      csv(
        '2024-01-01T00:00:00Z,m5.large,Linux/UNIX,0.04,us-east-1a',
        '2024-01-05T00:00:00Z,m5.large,Linux/UNIX,0.03,us-east-1b',
      ),
      'p.csv',
    );
    expect(market.start).toEqual(t('00:00:00'));
    expect(priceAt(market.pools[1]!, t('12:00:00'))).toBeNull();
    expect(market.notes.join()).toMatch(/1 of 2 pools have no price before/);
  });

  it('asks for an on-demand price that nobody knows', () => {
    const text = csv('2024-01-01T00:00:00Z,x9.huge,Linux/UNIX,0.04,us-east-1a');
    expect(() => parsePrices(text, 'p.csv')).toThrow(/x9.huge.*give --on-demand-price/);
    expect(parsePrices(text, 'p.csv', { onDemandPrice: 2 }).onDemandPrice).toBe(2);
  });

  it.each([
    ['an empty file', '\n', 'p is empty'],
    ['a header of something else', 'a,b\n1,2', 'p, line 1: no column timestamp; saw a,b'],
    ['a header alone', header, 'p has a header but no prices'],
    [
      'a row with a field too few',
      csv('2024-01-01,m5.large,Linux/UNIX,1'),
      'p, line 2: 4 fields where the header has 5',
    ],
    ['a price that is none', csv('2024-01-01T00:00:00Z,a,b,cheap,c'), 'p, line 2: SpotPrice is "cheap"'],
    ['a price of nothing', csv('2024-01-01T00:00:00Z,a,b,,c'), 'p, line 2: SpotPrice is ""'],
    [
      'a negative price',
      csv('2024-01-01T00:00:00Z,a,b,0.1,c', '2024-01-01T00:00:00Z,a,b,-1,c'),
      'p, line 3: SpotPrice is "-1"',
    ],
    ['a time that is none', csv('yesterday,a,b,0.1,c'), 'p, line 2: Timestamp is "yesterday"'],
    ['a row without a zone', csv('2024-01-01T00:00:00Z,a,b,0.1,'), 'p, line 2: AvailabilityZone is empty'],
    ['JSON that breaks off', '{"pools": [', 'p is not JSON'],
    ['JSON of something else', '{"x": 1}', 'p is JSON with neither SpotPriceHistory nor pools; saw the fields x'],
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
    expect(() => readPriceFile('no/such/file.csv')).toThrow(/no\/such\/file.csv cannot be read: ENOENT/);
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
  it.runIf(process.env.CI)('are there', () => {
    expect(hasPrices, `${prices} is missing; set SHARED_DATA`).toBe(true);
  });

  it.runIf(hasPrices)('of c5a.2xlarge are read as they were published', () => {
    const market = readPriceFile(join(prices, 'spot-price-history-c5a.2xlarge-us-east-1.csv'));
    expect(market).toMatchObject({ instanceType: 'c5a.2xlarge', region: 'us-east-1', onDemandPrice: 0.308 });
    expect(market.pools.map(({ az }) => az.at(-1)).join('')).toBe('bcdef');
    expect(priceAt(market.pools[4]!, market.start)).toBe(0.1638);
  });

  it.runIf(hasPrices)('of SpotLake are read, all 33 files of them', () => {
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

const market: Market = {
  instanceType: 'm5.large',
  region: 'us-east-1',
  onDemandPrice: 0.1,
  start: t('00:00:00'),
  end: t('20:00:00'),
  notes: [],
  pools: [
    {
      az: 'us-east-1a',
      steps: [
        { from: t('00:00:00').getTime(), price: 0.04 },
        { from: t('01:00:00').getTime(), price: 0.06 },
        { from: t('02:00:00').getTime(), price: null },
        { from: t('03:00:00').getTime(), price: 0.02 },
      ],
    },
    { az: 'us-east-1b', steps: [{ from: t('00:00:00').getTime(), price: 0.03 }] },
    { az: 'us-east-1c', steps: [{ from: t('10:00:00').getTime(), price: 0.03 }] },
  ],
};

describe('market', () => {
  it('costs the sum of its steps, second by second', () => {
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

  it('goes on costing the last price while there is none', () => {
    expect(priceAt(market.pools[0]!, t('02:30:00'))).toBeNull();
    expect(spotCost(market.pools[0]!, t('02:00:00'), t('03:00:00'))).toBeCloseTo(0.06, 12);
  });

  it('is the same again for the same synthetic seed, and says that it is synthetic', () => {
    const make = (seed: number) => syntheticMarket({ seed, start: market.start, days: 7 });
    expect(make(1)).toEqual(make(1));
    expect(make(1).pools).not.toEqual(make(2).pools);
    expect(make(1).notes[0]).toMatch(/SYNTHETIC/);
    for (const { steps } of make(3).pools)
      for (const { price } of steps) expect(price! > 0.01 && price! < 0.096).toBe(true);
  });
});

describe('EC2', () => {
  const request = (over: Partial<LaunchRequest> = {}): LaunchRequest => ({
    type: 'm5.large',
    az: 'us-east-1a',
    mode: 'spot',
    agent: 'demo-1',
    cause: { kind: 'start' },
    ...over,
  });

  it('bills by the second from running to the stop, across price changes', () => {
    const ec2 = new Ec2({ market, seed: 1, bootSeconds: 30 });
    const { id } = ec2.runInstances(request(), t('00:30:00'));
    ec2.terminate(id, t('01:15:10'));
    let expected = 0;
    for (let time = t('00:30:30'); time < t('01:15:10'); time = later(time, 1))
      expected += priceAt(market.pools[0]!, time)! / 3600;
    expect(ec2.bill(t('09:00:00'))).toBeCloseTo(expected, 9);
    expect(ec2.bill(t('00:30:30'))).toBe(0);
  });

  it('bills on demand at one price, and adds machines up', () => {
    const ec2 = new Ec2({ market, seed: 1, bootSeconds: 0 });
    ec2.runInstances(request({ mode: 'ondemand' }), t('00:00:00'));
    ec2.runInstances(request({ az: 'us-east-1b' }), t('01:00:00'));
    expect(ec2.bill(t('03:00:00'))).toBeCloseTo(3 * 0.1 + 2 * 0.03, 12);
  });

  it('takes nothing for a machine that it takes back within the first hour', () => {
    const ec2 = new Ec2({ market, seed: 1, bootSeconds: 0 });
    const [soon, late] = [ec2.runInstances(request(), t('00:00:00')), ec2.runInstances(request(), t('00:00:00'))];
    ec2.interrupt(soon.id, t('00:59:59'));
    ec2.interrupt(late.id, t('01:00:00'));
    expect(ec2.bill(t('05:00:00'))).toBeCloseTo(0.04, 12);
  });

  it('goes through its states', () => {
    const ec2 = new Ec2({ market, seed: 1 });
    const { id } = ec2.runInstances(request(), t('00:00:00'));
    const states = (...times: string[]) => times.map((time) => ec2.describe(id, t(time)).state);
    expect(states('00:00:29', '00:00:30')).toEqual(['pending', 'running']);
    ec2.terminate(id, t('00:10:00'));
    ec2.terminate(id, t('00:20:00'));
    expect(states('00:10:19', '00:10:20')).toEqual(['shutting-down', 'terminated']);
    expect(() => ec2.describe('i-unknown', t('00:00:00'))).toThrow('InvalidInstanceID.NotFound');
  });

  it('answers one client token with one machine', () => {
    const ec2 = new Ec2({ market, seed: 1 });
    const ids = [1, 2].map(() => ec2.runInstances(request({ clientToken: 'once' }), t('00:00:00')).id);
    expect(new Set(ids).size).toBe(1);
    expect(ec2.instances).toHaveLength(1);
  });

  it('refuses what it cannot launch', () => {
    const ec2 = new Ec2({ market, seed: 1, hasCapacity: ({ az }) => az !== 'us-east-1b' });
    const launch =
      (over: Partial<LaunchRequest>, time = t('00:00:00')) =>
      () =>
        ec2.runInstances(request(over), time);
    expect(launch({ az: 'us-east-1b' })).toThrow('InsufficientInstanceCapacity');
    expect(launch({}, t('02:10:00'))).toThrow('InsufficientInstanceCapacity');
    expect(launch({ az: 'us-east-1z' })).toThrow('InvalidParameterValue: there is no zone us-east-1z');
    expect(launch({ type: 'c5.large' })).toThrow('InvalidParameterValue');
    expect(ec2.instances).toHaveLength(0);
  });
});

/** A simulation on its own, and the moments its clock was set to. */
function simulated(options: { concurrency?: number } = {}) {
  const minutes: string[] = [];
  const simulation = new Simulation({
    clock: { set: () => {} },
    start: market.start,
    onMinute: async (now) => {
      minutes.push(now.toISOString().slice(11, 19));
    },
    ...options,
  });
  return { simulation, minutes };
}

const takesReal = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe('simulation', () => {
  it('wakes processes in the order of virtual time, and of falling asleep within a second', async () => {
    const { simulation } = simulated();
    const seen: string[] = [];
    const process = (name: string, ...pauses: number[]) =>
      simulation.spawn(async () => {
        for (const seconds of pauses) {
          await simulation.sleep(seconds);
          seen.push(`${name}${(simulation.now.getTime() - market.start.getTime()) / 1000}`);
        }
      });
    process('a', 10, 20);
    process('b', 5, 5, 5);
    process('c', 10);
    await simulation.run(t('00:01:00'));
    expect(seen).toEqual(['b5', 'a10', 'c10', 'b10', 'b15', 'a30']);
    expect(simulation.now).toEqual(t('00:01:00'));
  });

  it('stands still while a real call is under way', async () => {
    const { simulation } = simulated();
    const seen: string[] = [];
    simulation.spawn(async () => {
      await simulation.sleep(1);
      await simulation.real(() => takesReal(30));
      seen.push(`called at ${simulation.now.getUTCSeconds()}`);
    });
    simulation.spawn(async () => {
      await simulation.sleep(2);
      seen.push('slept until 2');
    });
    await simulation.run(t('00:00:10'));
    expect(seen).toEqual(['called at 1', 'slept until 2']);
  });

  it('runs the calls of one second together, and no more than its limit', async () => {
    const { simulation } = simulated({ concurrency: 3 });
    let running = 0;
    let most = 0;
    let done = 0;
    for (let process = 0; process < 10; process++)
      simulation.spawn(async () => {
        await simulation.sleep(5);
        await simulation.real(async () => {
          most = Math.max(most, ++running);
          await takesReal(2);
          running--;
          done++;
        });
      });
    await simulation.run(t('00:00:10'));
    expect([most, done]).toEqual([3, 10]);
  });

  it('calls on the minute before anything of that minute happens, once for a jump', async () => {
    const { simulation, minutes } = simulated();
    let seenAt90: string[] = [];
    simulation.spawn(async () => {
      await simulation.sleep(90);
      seenAt90 = [...minutes];
      await simulation.sleep(5);
      await simulation.sleep(600);
    });
    await simulation.run(t('00:30:30'));
    expect(seenAt90).toEqual(['00:01:00']);
    expect(minutes).toEqual(['00:01:00', '00:11:00', '00:30:00']);
  });

  it('lets one process wake or abort the pause of another', async () => {
    const { simulation } = simulated();
    const woken = simulation.pause(100);
    const aborted = simulation.pause(100);
    const seen: string[] = [];
    simulation.spawn(() => woken.over.then(() => seen.push(`woken at ${simulation.now.getUTCSeconds()}`)));
    simulation.spawn(() => aborted.over.catch((error: Error) => seen.push(error.message)));
    simulation.spawn(async () => {
      await simulation.sleep(7);
      woken.wake();
      aborted.abort(new Error('SIGTERM'));
      aborted.wake();
    });
    await simulation.run(t('00:10:00'));
    expect(seen).toEqual(['woken at 7', 'SIGTERM']);
  });

  it('ends with the error of a process', async () => {
    const { simulation } = simulated();
    simulation.spawn(async () => {
      await simulation.sleep(1);
      throw new Error('a bug');
    });
    await expect(simulation.run(t('00:01:00'))).rejects.toThrow('a bug');
  });
});

describe('cadence', () => {
  const rest = (loop: 'heartbeat' | 'pendingCommands' | 'cleanup', now: Date, busyUntil = market.start, index = 1) =>
    restSeconds(staggered(1800, index), loop, loop === 'cleanup' ? 3600 : 30, now, busyUntil);

  it('polls at the true periods while something happens', () => {
    expect(rest('heartbeat', t('00:00:00'), t('00:10:00'))).toBe(30);
    expect(restSeconds({ kind: 'true' }, 'heartbeat', 30, t('00:00:00'), market.start)).toBe(30);
  });

  it('else at its own time of the common period, and asks for commands 90 s after it reports prices', () => {
    expect(later(t('00:00:07'), rest('heartbeat', t('00:00:07')))).toEqual(t('00:06:00'));
    expect(later(t('00:06:00'), rest('heartbeat', t('00:06:00')))).toEqual(t('00:36:00'));
    expect(later(t('00:06:00'), rest('pendingCommands', t('00:06:00')))).toEqual(t('00:07:30'));
    expect(later(t('00:06:00'), rest('cleanup', t('00:06:00')))).toEqual(t('01:06:00'));
  });
});

const routes: readonly Route[] = [...Object.values(agentRoutes), ...Object.values(replicaRoutes)];

interface Seen {
  readonly route: string;
  readonly agentId: string | undefined;
  /** Virtual seconds since the start. */
  readonly at: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read what agents of every version send
  readonly body: any;
}

/** A control plane that writes down what it is asked, checks it against the contract's schemas, and answers by script. */
class FakeApi {
  seen: Seen[] = [];
  problems: string[] = [];
  clock = () => market.start;
  readonly #answers = new Map<string, (seen: Seen) => unknown>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      const url = new URL(request.url!, 'http://fake');
      const seen = this.#note(`${request.method} ${url.pathname}`, url.searchParams, text);
      const answer = this.#answers.get(seen.route)?.(seen) ?? standard(seen);
      const status = (answer as { status?: unknown }).status;
      response.writeHead(typeof status === 'number' ? status : 200, { 'x-data-api-calls': '2' });
      response.end(JSON.stringify(answer));
    });
  }

  listen = () => new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', () => resolve()));
  close = () => new Promise((resolve) => this.#server.close(resolve));

  get url() {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  reset() {
    this.seen = [];
    this.problems = [];
    this.#answers.clear();
  }

  /** Instead of the standard answer; one with a numeric `status` is given with that HTTP status. */
  answer(route: string, answer: (seen: Seen) => unknown) {
    this.#answers.set(route, answer);
  }

  to(route: string) {
    return this.seen.filter((seen) => seen.route === route);
  }

  #note(called: string, query: URLSearchParams, text: string): Seen {
    const at = (this.clock().getTime() - market.start.getTime()) / 1000;
    const body = text === '' ? undefined : JSON.parse(text);
    for (const route of routes) {
      const pattern = `^${route.method} ${route.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`;
      const match = new RegExp(pattern).exec(called);
      if (!match) continue;
      const checked = route.body?.safeParse(body);
      if (checked?.error) this.problems.push(`${called}: ${checked.error.message}`);
      const status = query.get('status');
      const name = `${route.method} ${route.path}${status ? `?status=${status}` : ''}`;
      const seen = { route: name, agentId: match.groups?.agent_id, at, body };
      this.seen.push(seen);
      return seen;
    }
    // Not in the route table yet: the contract's name of it.
    const route = called.replace(/(agents)\/[^/]+/, '$1/{agent_id}').replace(/(replicas)\/[^/]+/, '$1/{replica_id}');
    const seen = { route, agentId: called.split('/')[3], at, body };
    this.seen.push(seen);
    return seen;
  }
}

const settings = {
  enabled: true,
  auto_switch_enabled: true,
  auto_terminate_enabled: true,
  terminate_wait_seconds: 300,
};

function standard({ route, body }: Seen): unknown {
  if (route === 'POST /api/agents/register')
    return { agent_id: `agent~${body.instance_id}`, client_id: 'c', config: settings };
  if (route.endsWith('/config')) return settings;
  if (route.endsWith('/pending-commands')) return [];
  if (route.includes('/replicas?status=')) return { replicas: [], total: 0 };
  if (route.endsWith('/instances-to-terminate')) return { instances: [], auto_terminate_enabled: true };
  return { success: true };
}

const api = new FakeApi();
beforeAll(() => api.listen());
afterAll(async () => {
  closeConnections();
  await api.close();
});
beforeEach(() => api.reset());

const agent = (path: string) => `/api/agents/{agent_id}/${path}`;
const heartbeat = `POST ${agent('heartbeat')}`;
const pending = `GET ${agent('pending-commands')}`;
const switchReport = `POST ${agent('switch-report')}`;
const executed = `POST ${agent('commands/{command_id}/executed')}`;
const markExecuted = `POST ${agent('mark-command-executed')}`;

/** A fleet of one agent against the fake, at its true periods. */
function fleetOf(version: '4.0.0' | '3.2.0', over: Partial<FleetOptions> = {}) {
  const simulation = new Simulation({ clock: { set: () => {} }, start: market.start });
  api.clock = () => simulation.now;
  const lines: string[] = [];
  const fleet = new Fleet({
    simulation,
    market,
    random: () => 0,
    seed: 1,
    agents: 1,
    v32Share: version === '3.2.0' ? 1 : 0,
    pollSeconds: undefined,
    environment: {},
    serverUrl: `${api.url}/any/prefix`,
    clientToken: 'token-x',
    log: (line) => lines.push(line),
    ...over,
  });
  fleet.start();
  return { fleet, lines, simulation, run: (seconds: number) => simulation.run(later(market.start, seconds)) };
}

/** Hands a command to the first machine that asks, as a lease does. */
function queue(over: Partial<Command> = {}) {
  const command: Command = {
    id: 'cmd-1',
    command_type: 'switch',
    target_mode: 'spot',
    target_pool_id: 'm5.large.us-east-1b',
    terminate_wait_seconds: 0,
    priority: 25,
    ...over,
  };
  let left = 1;
  api.answer(pending, () => (left-- > 0 ? [command] : []));
}

describe('agents', () => {
  it.each(['4.0.0', '3.2.0'] as const)('of version %s send what the schemas ask for', async (version) => {
    queue();
    const { run } = fleetOf(version);
    await run(3 * 3600);
    expect(api.problems).toEqual([]);
    expect(api.seen.length).toBeGreaterThan(1000);
  });

  it('of version 4 make 733 requests in an hour, with their true periods', async () => {
    const { run } = fleetOf('4.0.0');
    await run(30 + 3600 - 1);
    const count = (route: string) => api.to(route).length;
    expect(count(pending)).toBe(240);
    expect(count(`GET ${agent('replicas')}?status=launching`)).toBe(120);
    expect(count(`GET ${agent('replicas')}?status=terminated`)).toBe(120);
    expect(count(heartbeat)).toBe(120);
    expect(count(`GET ${agent('config')}`)).toBe(60);
    expect(count(`GET ${agent('instances-to-terminate')}`)).toBe(59);
    expect(count(`POST ${agent('pricing-report')}`)).toBe(12);
    expect(count(`POST ${agent('cleanup-report')}`)).toBe(1);
    expect(api.seen).toHaveLength(733);
  });

  it('of version 3.2 make 432 requests in an hour', async () => {
    const { run } = fleetOf('3.2.0');
    await run(30 + 3600 - 1);
    expect(api.seen).toHaveLength(432 + 1); // and register
  });

  it('name themselves in the words of their version', async () => {
    await fleetOf('4.0.0').run(40);
    await fleetOf('3.2.0').run(40);
    const [v4, v32] = api.to('POST /api/agents/register').map(({ body }) => Object.keys(body));
    expect(v4).toEqual(expect.arrayContaining(['mode', 'private_ip', 'public_ip', 'agent_version', 'client_token']));
    expect(v4!.filter((key) => !v32!.includes(key)).sort()).toEqual(['mode', 'private_ip', 'public_ip']);
    const [beat4, beat32] = api.to(heartbeat).map(({ body }) => Object.keys(body));
    expect(beat4).toEqual(['status', 'monitored_instances', 'instance_id', 'instance_type', 'mode', 'az']);
    expect(beat32).toEqual(['status', 'monitored_instances']);
    const [price4, price32] = api.to(`POST ${agent('pricing-report')}`).map(({ body }) => body);
    expect(Object.keys(price4)).toEqual(['instance', 'pricing']);
    expect(price4.pricing).toMatchObject({ on_demand_price: 0.1, current_spot_price: null, cheapest_pool: null });
    expect(price4.pricing.collected_at).toMatch(/\+00:00$/);
    expect(Object.keys(price32)).toEqual(['instance', 'on_demand_price', 'spot_pools']);
    expect(price32.instance).toMatchObject({ current_mode: 'ondemand', current_pool_id: null });
    // us-east-1c has no price yet.
    expect(price32.spot_pools.map(({ pool_id }: { pool_id: string }) => pool_id)).toEqual([
      'm5.large.us-east-1a',
      'm5.large.us-east-1b',
    ]);
  });

  it('have a public address on some machines only', async () => {
    await fleetOf('4.0.0', { agents: 12 }).run(120);
    const addresses = api.to('POST /api/agents/register').map(({ body }) => body.public_ip);
    expect(addresses).toContain(null);
    expect(addresses.some((address) => typeof address === 'string')).toBe(true);
  });

  it('that cannot register say so to agent None, exit, and are started again after 10 s', async () => {
    api.answer('POST /api/agents/register', () => ({ status: 401 }));
    const { run, lines, fleet } = fleetOf('4.0.0');
    await run(55);
    expect(api.seen.map(({ route, agentId, at, body }) => [route, agentId, at, body.status])).toEqual(
      [30, 40, 50].flatMap((at) => [
        ['POST /api/agents/register', undefined, at, undefined],
        [heartbeat, 'None', at, 'offline'],
      ]),
    );
    expect(lines[0]).toMatch(/POST \/api\/agents\/register: no answer \(401\)/);
    expect(fleet.ledger.failures.get('401 POST /api/agents/register')).toBe(3);
  });

  it('that are disabled beat so, ask for no commands, and go on with everything else', async () => {
    api.answer(`GET ${agent('config')}`, () => ({ enabled: false }));
    await fleetOf('4.0.0').run(30 + 600);
    expect(api.to(pending)).toHaveLength(1); // before the first config was read
    expect(api.to(heartbeat).at(-1)!.body.status).toBe('disabled');
    expect(api.to(`POST ${agent('pricing-report')}`)).toHaveLength(3);
  });

  it('keep their state when the config cannot be read', async () => {
    api.answer(`GET ${agent('config')}`, () => ({ status: 404 }));
    await fleetOf('4.0.0').run(30 + 300);
    expect(api.to(heartbeat).at(-1)!.body.status).toBe('online');
  });
});

describe('switch by version 4', () => {
  it('without a wait reports, and lives on until it is told to terminate itself', async () => {
    queue();
    const { run, fleet } = fleetOf('4.0.0');
    await run(300);
    const [old, successor] = fleet.ec2.instances;
    expect(fleet.ec2.instances).toHaveLength(2);
    expect(successor).toMatchObject({ mode: 'spot', az: 'us-east-1b', cause: { kind: 'command', id: 'cmd-1' } });
    const [report] = api.to(switchReport);
    expect(report).toMatchObject({
      agentId: `agent~${old!.id}`,
      at: 30 + 30 + 2,
      body: {
        old_instance: { instance_id: old!.id, mode: 'ondemand', pool_id: null, region: 'us-east-1', az: 'us-east-1a' },
        new_instance: { instance_id: successor!.id, mode: 'spot', pool_id: 'm5.large.us-east-1b' },
        snapshot: { used: false },
        prices: { on_demand: 0.1, new_spot: 0.03 },
        timing: {
          switch_initiated_at: '2024-01-01T00:00:30+00:00',
          new_instance_launched_at: '2024-01-01T00:00:30+00:00',
          new_instance_ready_at: '2024-01-01T00:01:00+00:00',
          traffic_switched_at: '2024-01-01T00:01:02+00:00',
        },
        trigger: 'model',
      },
    });
    expect(report!.body.timing).not.toHaveProperty('old_instance_terminated_at');
    expect(report!.body).not.toHaveProperty('command_id');
    expect(report!.body.prices).not.toHaveProperty('old_spot');
    expect(api.to(executed)[0]).toMatchObject({ at: 62, body: { success: true, message: 'Switch completed' } });
    // Both machines run an agent now.
    expect(
      new Set(
        api
          .to(heartbeat)
          .filter(({ at }) => at > 200)
          .map(({ agentId }) => agentId),
      ).size,
    ).toBe(2);

    api.answer(`GET ${agent('instances-to-terminate')}`, ({ agentId }) => ({
      instances: agentId === `agent~${old!.id}` && !old!.stoppedAt ? [{ instance_id: old!.id }] : [],
      auto_terminate_enabled: true,
    }));
    await run(600);
    const [reported] = api.to(`POST ${agent('termination-report')}`);
    expect(reported!.body).toMatchObject({ instance_id: old!.id, success: true, error: null });
    const stopped = fleet.ec2.describe(old!.id, later(market.start, 600)).instance.stoppedAt!;
    const offline = api.to(heartbeat).filter(({ body }) => body.status === 'offline');
    expect(offline.map(({ at, body }) => [at, body])).toEqual([
      [(stopped.getTime() - market.start.getTime()) / 1000 + 2, { status: 'offline', monitored_instances: [] }],
    ]);
    expect(fleet.ledger.switches).toMatchObject([{ outcome: 'completed', trigger: 'model', mode: 'spot' }]);
  });

  it('with a wait terminates its own machine, and never comes to report', async () => {
    queue({ terminate_wait_seconds: 120, priority: 75 });
    const { run, fleet } = fleetOf('4.0.0');
    await run(900);
    const [old, successor] = fleet.ec2.instances;
    expect(fleet.ec2.instances).toHaveLength(2);
    expect(old!.stoppedAt).toEqual(later(market.start, 30 + 30 + 2 + 120));
    expect(api.to(switchReport)).toEqual([]);
    expect(api.to(executed)).toEqual([]);
    const last = api.seen.filter(({ agentId }) => agentId === `agent~${old!.id}`).at(-1);
    expect(last).toMatchObject({ route: heartbeat, at: 184, body: { status: 'offline', monitored_instances: [] } });
    expect(successor!.stoppedAt).toBeUndefined();
    expect(fleet.ledger.switches).toMatchObject([{ outcome: 'completed', trigger: 'manual' }]);
  });

  it('to on demand stays in its zone', async () => {
    queue({ target_mode: 'ondemand', target_pool_id: null });
    const { run, fleet } = fleetOf('4.0.0');
    await run(200);
    expect(fleet.ec2.instances[1]).toMatchObject({ mode: 'ondemand', az: 'us-east-1a' });
    expect(api.to(switchReport)[0]!.body.new_instance).toMatchObject({ mode: 'ondemand', pool_id: null });
  });

  it('to Spot without a pool launches on demand and reports Spot', async () => {
    queue({ target_pool_id: null });
    const { run, fleet } = fleetOf('4.0.0');
    await run(200);
    expect(fleet.ec2.instances[1]!.mode).toBe('ondemand');
    expect(api.to(switchReport)[0]!.body.new_instance).toMatchObject({ mode: 'spot', pool_id: null });
  });

  it('that cannot launch says so and reports no switch', async () => {
    queue({ target_pool_id: 'm5.large.us-east-1c' }); // without a price before ten o'clock
    const { run, fleet } = fleetOf('4.0.0');
    await run(200);
    expect(fleet.ec2.instances).toHaveLength(1);
    expect(api.to(switchReport)).toEqual([]);
    expect(api.to(executed)[0]!.body).toEqual({ success: false, message: 'Switch failed' });
    expect(fleet.ledger.switches).toMatchObject([{ outcome: 'failed' }]);
  });

  it('with a null wait does nothing and asks again; with a null priority leaks its machine', async () => {
    const command = { id: 'c', target_mode: 'spot', target_pool_id: 'm5.large.us-east-1b', priority: 1 };
    api.answer(pending, () => [{ ...command, terminate_wait_seconds: null }]);
    const first = fleetOf('4.0.0');
    await first.run(100);
    expect(first.fleet.ec2.instances).toHaveLength(1);
    expect(first.lines.length).toBeGreaterThan(3);

    queue({ priority: null });
    const second = fleetOf('4.0.0');
    await second.run(200);
    expect(second.fleet.ec2.instances).toHaveLength(2);
    expect(api.to(executed)[0]!.body.success).toBe(false);
    expect(api.to(switchReport)).toEqual([]);
  });

  it('is not begun without a target mode', async () => {
    queue({ target_mode: null });
    const { run, fleet } = fleetOf('4.0.0');
    await run(100);
    expect(fleet.ec2.instances).toHaveLength(1);
    expect(api.to(executed)).toEqual([]);
  });
});

describe('switch by version 3.2', () => {
  it('follows its own settings: the wait of the command means nothing, and its machine goes before it reports', async () => {
    queue({ terminate_wait_seconds: 0 });
    const { run, fleet } = fleetOf('3.2.0');
    await run(900);
    const [old] = fleet.ec2.instances;
    // Snapshot, boot, and five minutes.
    expect(old!.stoppedAt).toEqual(later(market.start, 30 + 60 + 30 + 300));
    expect(api.to(switchReport)).toEqual([]);
    expect(api.to(markExecuted)).toEqual([]);
    expect(fleet.ledger.switches).toMatchObject([{ outcome: 'completed' }]);
  });

  it('reports without auto-terminate, in its own words', async () => {
    queue();
    const { run, fleet } = fleetOf('3.2.0', { environment: { AUTO_TERMINATE_OLD_INSTANCE: false } });
    await run(400);
    const [report] = api.to(switchReport);
    expect(report!.at).toBe(30 + 60 + 30);
    expect(report!.body.snapshot).toMatchObject({ used: true });
    expect(report!.body.timing).toEqual({
      switch_initiated_at: '2024-01-01T00:00:30Z',
      new_instance_ready_at: '2024-01-01T00:02:00Z',
      traffic_switched_at: '2024-01-01T00:02:00Z',
      old_instance_terminated_at: null,
    });
    expect(api.to(markExecuted)[0]!.body).toEqual({ command_id: 'cmd-1' });
    expect(fleet.ec2.instances.every(({ stoppedAt }) => stoppedAt === undefined)).toBe(true);
    expect(api.problems).toEqual([]);
  });

  it.each([
    ['cannot launch', { target_pool_id: 'm5.large.us-east-1c' }],
    ['is not told where to', { target_mode: null }],
  ])('says executed although it %s', async (_, command) => {
    queue(command);
    const { run, fleet } = fleetOf('3.2.0');
    await run(400);
    expect(fleet.ec2.instances).toHaveLength(1);
    expect(api.to(markExecuted)).toHaveLength(1);
  });
});

describe('replicas of version 4', () => {
  const putReplica = `PUT ${agent('replicas/{replica_id}')}`;
  const replicaStatus = `POST ${agent('replicas/{replica_id}/status')}`;

  it('are launched, named and reported ready', async () => {
    let left = 1;
    api.answer(`GET ${agent('replicas')}?status=launching`, () => ({
      replicas: left-- > 0 ? [{ id: 'rep-1', pool: { id: 'm5.large.us-east-1b', az: 'us-east-1b' } }] : [],
    }));
    const { run, fleet } = fleetOf('4.0.0');
    await run(90);
    const launched = fleet.ec2.instances[1]!;
    expect(launched).toMatchObject({ mode: 'spot', az: 'us-east-1b', cause: { kind: 'replica', id: 'rep-1' } });
    expect(api.to(putReplica)[0]!.body).toEqual({ instance_id: launched.id, status: 'syncing' });
    expect(api.to(replicaStatus)[0]).toMatchObject({ at: 60, body: { status: 'ready' } });
  });

  it('that cannot be launched are reported failed', async () => {
    api.answer(`GET ${agent('replicas')}?status=launching`, () => ({
      replicas: [{ id: 'rep-1', pool_id: 'm5.large.us-east-1c', az: 'us-east-1c' }],
    }));
    await fleetOf('4.0.0').run(31);
    expect(api.to(replicaStatus)[0]!.body).toMatchObject({
      status: 'failed',
      error_message: expect.stringContaining('InsufficientInstanceCapacity'),
    });
  });

  it('that are terminated go once in the life of a process, placeholders not at all', async () => {
    const { run, fleet } = fleetOf('4.0.0');
    const request = {
      type: 'm5.large',
      az: 'us-east-1b',
      mode: 'spot',
      agent: 'demo-1',
      cause: { kind: 'start' },
    } as const;
    const { id } = fleet.ec2.runInstances(request, market.start);
    api.answer(`GET ${agent('replicas')}?status=terminated`, () => ({
      replicas: [
        { id: 'rep-1', instance_id: id },
        { id: 'rep-2', instance_id: 'manual-123' },
      ],
    }));
    await run(200);
    expect(fleet.ec2.describe(id, t('01:00:00')).state).toBe('terminated');
    // By the primary; the standby's own agent was started with the same answers.
    const byPrimary = api.to(replicaStatus).filter(({ agentId }) => agentId !== `agent~${id}`);
    expect(byPrimary.map(({ body }) => body)).toEqual([
      { status: 'terminated', is_active: false, terminated_at: '2024-01-01T00:00:30+00:00' },
    ]);
  });

  it('by command run before the control plane has heard of them', async () => {
    queue({ command_type: 'create_replica' });
    api.answer(`POST ${agent('replicas')}`, () => ({ success: true, replica_id: 'rep-1' }));
    const { run, fleet } = fleetOf('4.0.0');
    await run(400);
    const [created] = api.to(`POST ${agent('replicas')}`);
    expect(created!.body).toEqual({
      pool_id: 'm5.large.us-east-1b',
      instance_id: fleet.ec2.instances[1]!.id,
      replica_type: 'manual',
      parent_instance_id: fleet.ec2.instances[0]!.id,
      status: 'launching',
    });
    expect(api.to(replicaStatus).map(({ body }) => body.status)).toEqual(['syncing', 'ready']);
  });
});

describe('interruption', () => {
  it('is announced to version 4, which asks for a standby and for failover, and comes two minutes later', async () => {
    const interruption: Interruption = { rebalanceAt: t('00:10:00'), noticeAt: t('00:20:00') };
    queue();
    const { run, fleet } = fleetOf('4.0.0', { interruptionOf: () => interruption });
    await run(1800);
    const spot = fleet.ec2.instances[1]!;
    const told = api.seen.filter(({ route }) => /emergency|rebalance|imminent/.test(route));
    expect(told.slice(0, 4).map(({ route }) => route.split('/').at(-1))).toEqual([
      'create-emergency-replica',
      'rebalance-recommendation',
      'create-emergency-replica',
      'termination-imminent',
    ]);
    expect(told[2]!.body).toEqual({
      signal_type: 'termination-notice',
      instance_id: spot.id,
      termination_time: '2024-01-01T00:22:00Z',
    });
    expect(told[3]!.at - 1200).toBeLessThanOrEqual(5);
    expect(spot).toMatchObject({ interrupted: true, stoppedAt: t('00:22:00') });
    // The failover succeeded: the process exits, and the service manager starts it again on the dying machine.
    const again = api.to('POST /api/agents/register').filter(({ body }) => body.instance_id === spot.id);
    expect(again.slice(1, 3).map(({ at }) => at - told[3]!.at)).toEqual([10, 20]);
  });
});

describe('coarse cadence', () => {
  it('is slow while nothing happens and true around a command', async () => {
    const { run } = fleetOf('4.0.0', { pollSeconds: 1800 });
    await run(7200);
    const beats = api.to(heartbeat).map(({ at }) => at);
    expect(beats.filter((at) => at < 600).length).toBeGreaterThan(15);
    expect(beats.filter((at) => at > 1000)).toEqual([1800, 3600, 5400, 7200]);
    queue();
    await run(9600);
    const after = api.to(heartbeat).filter(({ at }) => at > 7290 && at < 7890);
    expect(after.length).toBeGreaterThan(30);
    const reports = api.to(`POST ${agent('pricing-report')}`).map(({ at }) => at);
    const polls = api.to(pending).map(({ at }) => at);
    expect(polls).toContain(reports.find((at) => at === 3600)! + 90);
  });
});

describe('books', () => {
  const booksOf = async (fleet: Fleet, now: Date) => ({
    costs: costsOf(fleet, market, now),
    machines: await machinesOf(fleet, { url: api.url, token: 'token-x', retentionSeconds: 300, now }),
  });
  const primaryIs = (fleet: Fleet, index: number) =>
    api.answer('GET /api/agents/{agent_id}', () => ({ instance_id: fleet.ec2.instances[index]?.id }));

  it('tell a leaked machine from one that is new, and from one whose time has not come', async () => {
    queue({ priority: null });
    const { fleet, simulation, run } = fleetOf('4.0.0');
    primaryIs(fleet, 0);
    await run(600);
    expect((await booksOf(fleet, simulation.now)).machines).toMatchObject({
      primaries: 1,
      starting: 1,
      due: 0,
      leaked: [],
    });
    await run(3600);
    const { leaked } = (await booksOf(fleet, simulation.now)).machines;
    expect(leaked).toEqual([fleet.ec2.instances[1]]);

    primaryIs(fleet, 1);
    expect((await booksOf(fleet, t('00:16:00'))).machines).toMatchObject({ primaries: 1, due: 1, leaked: [] });
    expect((await booksOf(fleet, t('00:30:00'))).machines.leaked).toEqual([fleet.ec2.instances[0]]);
  });

  it('count agents whose primary does not run', async () => {
    const { fleet, simulation, run } = fleetOf('4.0.0');
    primaryIs(fleet, 0);
    await run(60);
    fleet.ec2.terminate(fleet.ec2.instances[0]!.id, simulation.now);
    expect((await booksOf(fleet, simulation.now)).machines).toMatchObject({ primaries: 0, withoutMachine: 1 });
  });

  it('compare what all machines cost with one on demand for each agent', async () => {
    queue();
    const { fleet, simulation, run } = fleetOf('4.0.0');
    primaryIs(fleet, 1);
    await run(3600 + 30);
    const { costs, machines } = await booksOf(fleet, simulation.now);
    expect(costs.baseline).toBeCloseTo(0.1, 12);
    // Nobody told the old machine to go.
    expect(costs.actual).toBeCloseTo(0.1 + (0.03 * 3570) / 3600, 12);
    expect(savingsPercent(costs)).toBeCloseTo(-29.75, 9);
    const text = report({
      market,
      fleet,
      start: market.start,
      end: simulation.now,
      wallSeconds: 2,
      costs,
      machines,
      endings: { seenGone: 4, unseen: 1, looks: 2 },
      refused: new Map([['min_savings', 3]]),
      notes: ['a note'],
    });
    expect(text).toMatch(/^ {2}completed +1 {2}\d+\.\d\d for each agent and week$/m);
    expect(text).toMatch(/^ {4}model, to spot +1$/m);
    expect(text).toMatch(/^ {4}by min_savings +3$/m);
    expect(text).toMatch(/^ {2}commands received +1 {2}1 RunInstances calls for them$/m);
    expect(text).toMatch(/^ {4}POST \/api\/agents\/\{agent_id\}\/heartbeat +\d+ {2}2\.00 Data API calls each$/m);
    expect(text).toMatch(/^ {2}seen to be gone +4 {2}EC2 was asked 2 times/m);
    expect(text).toMatch(/^ {2}a note$/m);
  });

  it('read the refusals from the decision log', async () => {
    const asked: unknown[] = [];
    const query = async (...statement: unknown[]) => {
      asked.push(statement[1]);
      return [
        { failed_gate: 'min_savings', refused: 7 },
        { failed_gate: null, refused: '2' },
      ];
    };
    expect([...(await refusedByGate(query, 'c-1'))]).toEqual([
      ['min_savings', 7],
      ['not said', 2],
    ]);
    expect(asked).toEqual([{ client: 'c-1' }]);
  });
});

describe('options', () => {
  it('have defaults', () => {
    expect(readOptions([])).toMatchObject({ agents: 20, days: 7, pollSeconds: 3600, port: 5000, seed: 1, exit: false });
    expect(readOptions(['--cadence', 'true'])).toMatchObject({ pollSeconds: undefined });
    expect(readOptions(['--help'])).toBe('help');
  });

  it.each([
    [['--agents', 'many'], '--agents many: expected a whole number from 1 to 10000'],
    [['--agents', '1.5'], '--agents 1.5: expected a whole number'],
    [['--days', '0'], '--days 0: expected a number above 0 to 3650'],
    [['--poll', '30'], '--poll 30: expected a time'],
    [['--cadence', 'fast'], '--cadence fast: expected coarse or true'],
    [['--cadence', 'true', '--poll', '5m'], '--poll is the period of coarse cadence'],
    [['--v32-share', '2'], '--v32-share 2: expected a number from 0 to 1'],
    [['--nonsense'], '--nonsense'],
    [['file.csv'], 'file.csv'],
  ])('refuse %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });

  it('are all explained', () => {
    for (const option of ['prices', 'agents', 'days', 'v32-share', 'cadence', 'poll', 'seed', 'port', 'fresh', 'exit'])
      expect(help).toContain(`--${option}`);
  });
});
