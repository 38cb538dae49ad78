import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeConnections } from '../../../local/fleet/agents/agent-http.ts';
import { untilTruePhase } from '../../../local/fleet/agents/cadence.ts';
import { Ec2, endOf, type Instance, type LaunchRequest } from '../../../local/fleet/ec2/ec2.ts';
import { percentile } from '../../../local/fleet/report/leak-check.ts';
import { Owner } from '../../../local/fleet/run/auto-recovery.ts';
import { Troubles } from '../../../local/fleet/run/fault-plan.ts';
import { Fleet, type FleetOptions } from '../../../local/fleet/run/fleet.ts';
import { help, readOptions } from '../../../local/fleet/run/options.ts';
import { Watch } from '../../../local/fleet/run/primary-observer.ts';
import { Simulation } from '../../../local/fleet/run/simulation.ts';
import { availabilityOf, failoversOf, uptimeOf, type Workload } from '../../../local/fleet/run/workloads.ts';
import { checkAvailability, lossesOf, playAvailability } from '../../../local/market/availability.ts';
import { isAvailable, type Market, shifted } from '../../../local/market/market.ts';
import { parsePrices, readPriceFile } from '../../../local/market/price-files.ts';
import { seeded } from '../../../local/random.ts';

const t = (text: string) => new Date(`2024-01-01T${text}Z`);

type Runs = readonly (readonly [number, number])[];

/** Two pools, five minutes a step. */
const file = (b: unknown, c: unknown = [[1, 3]], over: object = {}) =>
  JSON.stringify({
    instanceType: 'm5.large',
    region: 'us-west-2',
    onDemandPrice: 0.1,
    startUtc: '2024-01-01T00:00:00Z',
    stepSeconds: 300,
    steps: 3,
    pools: [
      { az: 'us-west-2b', priceRle: [[0.03, 3]], countRle: b },
      { az: 'us-west-2c', priceRle: [[0.04, 3]], countRle: c },
    ],
    ...over,
  });

/** Step by step `b` and `c` are the counts of the two pools; a step takes five minutes. */
function trace(b: Runs, c: Runs = [[1, b.reduce((sum, [, repeat]) => sum + repeat, 0)]]): Market {
  const steps = b.reduce((sum, [, repeat]) => sum + repeat, 0);
  const priced = (az: string, price: number, countRle: Runs) => ({ az, priceRle: [[price, steps]], countRle });
  return parsePrices(
    file(b, c, { steps, pools: [priced('us-west-2b', 0.03, b), priced('us-west-2c', 0.04, c)] }),
    'trace.json',
  );
}

const calm = { noticeSeconds: 120, rebalanceShare: 0, seed: 1 };
const untroubled = {
  bootFailures: 0,
  throttledLaunches: 0,
  eventLoss: 0,
  eventDuplicates: 0,
  hangsPerWeek: 0,
  outagesPerWeek: 0,
  seed: 1,
};

const inB: LaunchRequest = {
  type: 'm5.large',
  az: 'us-west-2b',
  mode: 'spot',
  agent: 'demo-1',
  cause: { kind: 'start' },
};
const ec2Of = (market: Market, options = calm) => new Ec2({ market, seed: 1, ...playAvailability(market, options) });

describe('availability traces', () => {
  it('say when a pool has capacity, and when it loses its machines', () => {
    const market = trace([[0, 1], [4, 2], [1, 1], [0, 2], [2, 1], [0, 1]]); // biome-ignore format: one run after the other
    const [pool] = market.pools;
    const at = ['00:00:00', '00:04:59', '00:05:00', '00:19:59', '00:20:00', '00:30:00', '00:35:00'];
    expect(at.map((time) => isAvailable(pool!, t(time)))).toEqual([false, false, true, true, false, true, false]);
    expect(lossesOf(pool!).map((ms) => new Date(ms))).toEqual([t('00:20:00'), t('00:35:00')]);
  });

  it('of the project can be read', () => {
    const path = '../shared/data/availability/sky23apr-usw2-p3.2xlarge.json';
    const market = readPriceFile(path);
    expect(() => checkAvailability(market, path)).not.toThrow();
    expect(market.pools.map((pool) => lossesOf(pool).length)).toEqual([44, 57]);
    expect(market.end.getTime() - market.start.getTime()).toBe(19961 * 32_000);
  });

  it('move with their prices', () => {
    const market = shifted(trace([[1, 1], [0, 2]]), 3600_000); // biome-ignore format: one run after the other
    expect(lossesOf(market.pools[0]!).map((ms) => new Date(ms))).toEqual([t('01:05:00')]);
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
    expect(() => parsePrices(file(counts), 'trace.json')).toThrow(message);
  });

  it('without counts, or without a pool that was ever available, are refused', () => {
    const check = (market: Market) => () => checkAvailability(market, 'trace.json');
    const pools = [
      { az: 'us-west-2b', priceRle: [[0.03, 3]], countRle: [[1, 3]] },
      { az: 'us-west-2c', priceRle: [[0.04, 3]] },
    ];
    const partly = parsePrices(file([], [], { pools }), 'trace.json');
    expect(check(partly)).toThrow('trace.json, pools[1] has no countRle');
    expect(check(trace([[0, 3]], [[0, 3]]))).toThrow('no pool that is ever available');
  });
});

describe('EC2 by a trace', () => {
  const market = trace([[1, 12], [0, 6], [1, 6]]); // biome-ignore format: an hour, half an hour without, half an hour

  it('refuses Spot launches where there is no capacity, and on demand never', () => {
    const ec2 = ec2Of(market);
    expect(() => ec2.runInstances(inB, t('01:00:00'))).toThrow('InsufficientInstanceCapacity');
    expect(() => ec2.runInstances(inB, t('01:29:59'))).toThrow('InsufficientInstanceCapacity');
    expect(ec2.runInstances({ ...inB, az: 'us-west-2c' }, t('01:00:00')).az).toBe('us-west-2c');
    expect(ec2.runInstances({ ...inB, mode: 'ondemand' }, t('01:00:00')).mode).toBe('ondemand');
    expect(ec2.runInstances(inB, t('01:30:00')).az).toBe('us-west-2b');
  });

  it.each([
    [120, '00:00:00', '00:58:00'],
    [30, '00:00:00', '00:59:30'],
    [120, '00:57:59', '00:58:00'],
    [120, '00:59:10', '00:59:10'], // what is left of it
  ])('gives notice %s s before the loss to a machine launched at %s', (noticeSeconds, launched, noticeAt) => {
    const { interruptionOf } = playAvailability(market, { ...calm, noticeSeconds });
    const interruption = interruptionOf({ ...inB, launchedAt: t(launched) } as Instance)!;
    expect(interruption).toEqual({ noticeAt: t(noticeAt), endAt: t('01:00:00') });
    expect(endOf(interruption)).toEqual(t('01:00:00'));
  });

  it('leaves a machine alone whose pool is not lost any more', () => {
    const { interruptionOf } = playAvailability(market, calm);
    expect(interruptionOf({ ...inB, launchedAt: t('01:30:00') } as Instance)).toBeUndefined();
    expect(interruptionOf({ ...inB, az: 'us-west-2c', launchedAt: t('00:00:00') } as Instance)).toBeUndefined();
  });

  it('warns of a share of the losses, and as often for nothing, by its seed', () => {
    const busy = trace(Array.from({ length: 400 }, (_, index) => [index % 12 === 0 ? 0 : 1, 1] as const));
    const warnings = (rebalanceShare: number, seed: number) => {
      const { interruptionOf } = playAvailability(busy, { ...calm, rebalanceShare, seed });
      const each5Min = Array.from({ length: 400 }, (_, i) => new Date(busy.start.getTime() + i * 300_000));
      const seen = each5Min.map((launchedAt) => interruptionOf({ ...inB, launchedAt } as Instance)!);
      return new Map(seen.flatMap((to) => (to?.rebalanceAt ? [[to.rebalanceAt.getTime(), to.isFalseAlarm!]] : [])));
    };
    expect(warnings(0, 1).size).toBe(0);
    const all = [...warnings(1, 1).values()];
    expect(all.filter((isFalse) => !isFalse).length).toBeGreaterThan(15);
    expect(all.filter((isFalse) => isFalse).length).toBeGreaterThan(15);
    expect([...warnings(0.5, 7)]).toEqual([...warnings(0.5, 7)]);
    expect([...warnings(0.5, 7)]).not.toEqual([...warnings(0.5, 8)]);
    const { interruptionOf } = playAvailability(busy, { ...calm, rebalanceShare: 1 });
    for (let ms = busy.start.getTime(); ms < busy.end.getTime(); ms += 100_000) {
      const { rebalanceAt, noticeAt } = interruptionOf({ ...inB, launchedAt: new Date(ms) } as Instance) ?? {};
      if (!rebalanceAt) continue;
      expect(rebalanceAt.getTime()).toBeGreaterThan(ms);
      if (noticeAt) expect(rebalanceAt.getTime()).toBeLessThan(noticeAt.getTime());
    }
  });

  it('bills a machine that it takes: nothing in the first hour, each second after that', () => {
    const short = ec2Of(market);
    const taken = short.runInstances(inB, t('00:30:00'));
    short.interrupt(taken.id, t('01:00:00'));
    expect(short.bill(t('02:00:00'))).toBe(0);

    const long = ec2Of(trace([[1, 18], [0, 6]])); // biome-ignore format: one run after the other
    const kept = long.runInstances(inB, t('00:00:00'));
    long.interrupt(kept.id, t('01:30:00'));
    expect(long.bill(t('02:00:00'))).toBeCloseTo((0.03 * (5400 - 30)) / 3600, 12);
  });
});

describe('uptime', () => {
  const instance = (id: string, launchedAt: Date, over: Partial<Instance> = {}): Instance => ({
    ...inB,
    id,
    amiId: 'ami',
    privateIp: '10.0.0.1',
    publicIp: null,
    launchedAt,
    runningAt: new Date(launchedAt.getTime() + 30_000),
    stoppedAt: undefined,
    interrupted: false,
    ...over,
  });
  const workload = (machines: readonly Instance[], primacies: Workload['primacies']): Workload => ({
    agent: 'demo-1',
    primacies,
    machines: new Map(machines.map((machine) => [machine.id, machine])),
  });
  const is = (instanceId: string, since: string) => ({ instanceId, since: t(since) });

  /** Second by second, from the definition: down when no machine that is or was the primary serves. */
  function downByCounting({ primacies, machines }: Workload, launchSeconds: number, end: Date): number {
    const isUp = (ms: number) =>
      primacies.some(({ instanceId, since }) => {
        const { launchedAt, stoppedAt } = machines.get(instanceId)!;
        const serves = ms >= since.getTime() && ms >= launchedAt.getTime() + launchSeconds * 1000;
        return serves && (stoppedAt === undefined || ms < stoppedAt.getTime());
      });
    let first = t('00:00:00').getTime();
    while (!isUp(first)) first += 1000;
    let down = 0;
    for (let ms = first; ms < end.getTime(); ms += 1000) if (!isUp(ms)) down++;
    return down;
  }

  /** Steps of 5 min: 1 0 1. The pool goes at 00:05, notice at 00:03. */
  const threeSteps = [
    {
      name: 'a standby that was ready',
      machines: [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:01:00'), { cause: { kind: 'replica', id: 'r' } }),
      ],
      primacies: [is('i-a', '00:00:30'), is('i-b', '00:03:04')],
      down: 0,
      path: 'standby ready',
      seconds: 4,
    },
    {
      name: 'a standby launched on notice',
      machines: [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:03:34'), { cause: { kind: 'replica', id: 'r' } }),
      ],
      primacies: [is('i-a', '00:00:30'), is('i-b', '00:03:34')],
      down: 4, // 00:03:34 + 90 s is 00:05:04
      path: 'standby launched on notice',
      seconds: 34,
    },
    {
      name: 'a machine on demand',
      machines: [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:04:00'), { mode: 'ondemand', cause: { kind: 'command', id: 'c' } }),
      ],
      primacies: [is('i-a', '00:00:30'), is('i-b', '00:04:35')],
      down: 30,
      path: 'switch to on-demand',
      seconds: 95,
    },
    {
      name: 'a machine in another pool',
      machines: [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:03:20'), { az: 'us-west-2c', cause: { kind: 'command', id: 'c' } }),
      ],
      primacies: [is('i-a', '00:00:30'), is('i-b', '00:03:55')],
      down: 0,
      path: 'switch to another pool',
      seconds: 55,
    },
    {
      name: 'its owner',
      machines: [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:10:00'), { mode: 'ondemand', cause: { kind: 'owner' } }),
      ],
      primacies: [is('i-a', '00:00:30'), is('i-b', '00:10:31')],
      down: 390,
      path: 'rescued by owner',
      seconds: 451,
    },
    {
      name: 'nobody',
      machines: [instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true })],
      primacies: [is('i-a', '00:00:30')],
      down: 600,
      path: 'not recovered',
      seconds: undefined,
    },
  ] as const;

  it.each(threeSteps)('of a workload that goes on with $name', ({ machines, primacies, down, path, seconds }) => {
    const of = workload(machines, primacies);
    const end = t('00:15:00');
    expect(downByCounting(of, 90, end)).toBe(down);
    const uptime = uptimeOf(of, 90, end);
    expect(uptime).toEqual({ totalSeconds: 900 - 90, downSeconds: down, gaps: down > 0 ? 1 : 0 });
    expect(availabilityOf([uptime])).toBeCloseTo(1 - down / 810, 12);
    expect(availabilityOf([uptime, uptime], 5, 4)).toBeCloseTo(1 - (2 * down + 20) / 1620, 12);
    const interruptions = new Map([['i-a', { noticeAt: t('00:03:00'), endAt: t('00:05:00') }]]);
    expect(failoversOf(of, interruptions)).toEqual([
      { agent: 'demo-1', instanceId: 'i-a', path, noticeAt: t('00:03:00'), seconds },
    ]);
  });

  it('agrees with counting seconds, whatever machines come and go', () => {
    const random = seeded(3);
    const at = (seconds: number) => new Date(t('00:00:00').getTime() + Math.floor(seconds) * 1000);
    for (let run = 0; run < 50; run++) {
      const machines = Array.from({ length: 6 }, (_, index) => {
        const launched = random() * 1500;
        return instance(`i-${index}`, at(launched), random() < 0.8 ? { stoppedAt: at(launched + random() * 900) } : {});
      });
      const primacies = machines
        .map(({ id, launchedAt }) => ({
          instanceId: id,
          since: new Date(launchedAt.getTime() + Math.floor(random() * 200) * 1000),
        }))
        .toSorted((a, b) => a.since.getTime() - b.since.getTime());
      const of = workload(
        [...machines, instance('i-first', t('00:00:00'), { stoppedAt: t('00:03:00') })],
        [is('i-first', '00:00:30'), ...primacies],
      );
      expect(uptimeOf(of, 90, t('00:30:00')).downSeconds).toBe(downByCounting(of, 90, t('00:30:00')));
    }
  });

  it('is answered by the machine that came up, not by one that died booting', () => {
    const of = workload(
      [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:03:10'), { stoppedAt: t('00:03:35'), cause: { kind: 'replica', id: 'r' } }),
        instance('i-c', t('00:15:00'), { mode: 'ondemand', cause: { kind: 'owner' } }),
      ],
      [is('i-a', '00:00:30'), is('i-b', '00:03:10'), is('i-c', '00:15:30')],
    );
    const [failover] = failoversOf(of, new Map([['i-a', { noticeAt: t('00:03:00'), endAt: t('00:05:00') }]]));
    expect(failover).toMatchObject({ path: 'rescued by owner', seconds: 750 });
    expect(uptimeOf(of, 90, t('00:20:00')).downSeconds).toBe(downByCounting(of, 90, t('00:20:00')));
  });

  it('is not interrupted where the machine was replaced before its notice', () => {
    const of = workload(
      [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:01:00'), { mode: 'ondemand', cause: { kind: 'command', id: 'c' } }),
      ],
      [is('i-a', '00:00:30'), is('i-b', '00:01:31')],
    );
    expect(failoversOf(of, new Map([['i-a', { noticeAt: t('00:03:00'), endAt: t('00:05:00') }]]))).toEqual([]);
  });

  it('goes on by a move that was under way when its agent had begun on that before the notice', () => {
    const of = workload(
      [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:03:20'), { cause: { kind: 'command', id: 'c' } }),
      ],
      [is('i-a', '00:00:30'), is('i-b', '00:03:55')],
    );
    const notice = new Map([['i-a', { noticeAt: t('00:03:00'), endAt: t('00:05:00') }]]);
    const pathOf = (begunAt: Date) => failoversOf(of, notice, new Map([['i-b', begunAt]])).map(({ path }) => path);
    expect(pathOf(t('00:02:20'))).toEqual(['move that was under way']);
    expect(pathOf(t('00:03:01'))).toEqual(['switch to another pool']);
  });

  it('has percentiles that are values seen', () => {
    expect([50, 95, 100].map((percent) => percentile([4, 1, 3, 2], percent))).toEqual([2, 4, 4]);
    expect(percentile([], 50)).toBeUndefined();
  });
});

describe('other troubles', () => {
  const week = { start: new Date('2024-01-01T00:00:00Z'), end: new Date('2024-01-08T00:00:00Z') };
  const start = { ...inB, cause: { kind: 'owner' } } as Instance;

  it('do not come unasked', () => {
    const troubles = new Troubles(untroubled, week);
    expect(troubles.outages).toEqual([]);
    expect(troubles.fateOf(start)).toMatchObject({ diesBooting: false, hangsAfter: undefined });
  });

  it('come as often as was asked for, the same for the same seed', () => {
    const { outages } = new Troubles({ ...untroubled, outagesPerWeek: 40 }, week);
    expect(Math.abs(outages.length - 40)).toBeLessThan(20);
    const lengths = outages.map(({ from, to }) => (to.getTime() - from.getTime()) / 1000);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(120);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(600);

    const fates = (seed: number) => {
      const troubles = new Troubles({ ...untroubled, bootFailures: 0.3, hangsPerWeek: 2, seed }, week);
      return Array.from({ length: 500 }, () => troubles.fateOf(start));
    };
    expect(fates(1)).toEqual(fates(1));
    expect(fates(1)).not.toEqual(fates(2));
    expect(fates(1).filter(({ diesBooting }) => diesBooting).length / 500).toBeCloseTo(0.3, 1);
    const mean = fates(1).reduce((sum, { hangsAfter }) => sum + hangsAfter!, 0) / 500;
    expect(mean / 86_400).toBeGreaterThan(3);
    expect(mean / 86_400).toBeLessThan(4);
  });

  it('leave the machines alone that the agents start on', () => {
    const troubles = new Troubles({ ...untroubled, bootFailures: 1 }, week);
    expect(troubles.fateOf({ ...start, cause: { kind: 'start' } }).diesBooting).toBe(false);
  });
});

interface Seen {
  readonly path: string;
  readonly at: number;
  // biome-ignore lint/suspicious/noExplicitAny: what agents send
  readonly body: any;
}

/** Answers as a control plane does that sends its agents to Spot and has no standby. */
let seen: Seen[] = [];
let script: (path: string) => unknown = () => undefined;
let clock = () => t('00:00:00');
const server = createServer(async (request, response) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  const body = text === '' ? undefined : JSON.parse(text);
  const path = request.url!.split('/').at(-1)!;
  seen.push({ path, at: (clock().getTime() - t('00:00:00').getTime()) / 1000, body });
  const standard =
    path === 'register' ? { agent_id: `agent~${body.instance_id}`, config: { enabled: true } } : { success: false };
  response.end(JSON.stringify(script(path) ?? standard));
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve())));
afterAll(() => {
  closeConnections();
  server.close();
});
beforeEach(() => {
  seen = [];
  script = () => undefined;
});

function fleetOf(market: Market, over: Partial<FleetOptions> = {}, options = calm) {
  const simulation = new Simulation({ clock: { set: () => {} }, start: market.start });
  clock = () => simulation.now;
  const fleet = new Fleet({
    simulation,
    market,
    random: () => 0,
    seed: 1,
    agents: 1,
    v32Share: 0,
    pollSeconds: undefined,
    environment: {},
    serverUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clientToken: 'token-x',
    log: () => {},
    ...playAvailability(market, options),
    ...over,
  });
  fleet.start();
  return { fleet, simulation, run: (time: string) => simulation.run(t(time)) };
}

/** Sends the agent to a pool, once. */
function sendToSpot(pool = 'm5.large.us-west-2b') {
  const command = { id: 'cmd-1', command_type: 'switch', target_mode: 'spot', target_pool_id: pool };
  let left = 1;
  script = (path) => (path === 'pending-commands' && left-- > 0 ? [command] : undefined);
}

describe('a fleet by a trace', () => {
  const market = trace([[1, 12], [0, 6], [1, 6]]); // biome-ignore format: an hour, half an hour without, half an hour

  it.each([undefined, 3600])('sees notices to the five seconds, with idle polls every %s s', async (pollSeconds) => {
    sendToSpot();
    const { fleet, run } = fleetOf(market, { pollSeconds });
    await run('01:05:00');
    const spot = fleet.ec2.instances[1]!;
    expect(spot).toMatchObject({ az: 'us-west-2b', interrupted: true, stoppedAt: t('01:00:00') });
    const told = seen.filter(({ path, body }) => path === 'termination-imminent' && body.instance_id === spot.id);
    expect(told[0]!.at).toBeGreaterThanOrEqual(58 * 60);
    expect(told[0]!.at).toBeLessThanOrEqual(58 * 60 + 5);
    expect(told[0]!.body.termination_time).toBe('2024-01-01T01:00:00Z');
    expect(fleet.ledger.notices).toEqual(new Set([spot.id]));
    expect(fleet.ledger.noticeCalls.requests).toBe(2);
    // The true periods hold until the end.
    const launchPolls = seen.filter(
      ({ path, at }) => path === 'replicas?status=launching' && at > 58 * 60 && at <= 3600,
    );
    expect(launchPolls.length).toBeGreaterThanOrEqual(4);
    // Its owner's watch is told.
    expect(fleet.isAlive(spot.id)).toBe(false);
  });

  it('wakes a loop when it would have run anyway', () => {
    const next = (time: string) =>
      t(time).getTime() / 1000 + untilTruePhase('demo-1', 'launchingReplicas', 30, t(time));
    expect((next('00:10:07') - next('00:00:00')) % 30).toBe(0);
    for (const time of ['00:00:00', '00:00:17', '00:00:29'])
      expect(untilTruePhase('demo-1', 'launchingReplicas', 30, t(time))).toBeLessThan(30);
  });

  it('reports a launch without capacity', async () => {
    const lost = trace([[0, 24]]);
    sendToSpot();
    const { fleet, run } = fleetOf(lost);
    await run('00:05:00');
    expect(fleet.ec2.instances.length).toBe(1);
    expect(fleet.ledger.refusedLaunches).toBe(1);
    expect(seen.find(({ path }) => path === 'executed')?.body).toEqual({ success: false, message: 'Switch failed' });
  });

  it('says nothing more on a machine that is simply gone, and an offline on one that is told', async () => {
    const offlines = async (isToldOfItsEnd: boolean) => {
      seen = [];
      sendToSpot();
      const fate = { diesBooting: false, hangsAfter: undefined, isToldOfItsEnd };
      const troubles = Object.assign(new Troubles(untroubled, market), {
        fateOf: () => fate,
      });
      await fleetOf(market, { troubles }).run('01:05:00');
      return seen.filter(({ at, body }) => at >= 3600 && body?.status === 'offline').length;
    };
    expect(await offlines(true)).toBe(1);
    expect(await offlines(false)).toBe(0);
  });

  it('goes silent where an agent hangs, and its owner can end the machine', async () => {
    const silences: string[] = [];
    const troubles = new Troubles({ ...untroubled, hangsPerWeek: 1000 }, market);
    const { fleet, simulation, run } = fleetOf(market, { troubles, onSilence: (agent) => silences.push(agent) });
    await run('02:00:00');
    expect(fleet.hangs).toEqual([fleet.ec2.instances[0]!.id]);
    expect(silences).toEqual(['demo-1']);
    const last = seen.at(-1)!.at;
    expect(last).toBeLessThan(7000);
    expect(fleet.ec2.describe(fleet.hangs[0]!, simulation.now).state).toBe('running');
    expect(fleet.isAlive(fleet.hangs[0]!)).toBe(false);
    fleet.endHung('demo-1');
    expect(fleet.ec2.describe(fleet.hangs[0]!, simulation.now).state).toBe('shutting-down');
  });

  it('gives a launch up whose machine dies booting', async () => {
    sendToSpot();
    const troubles = new Troubles({ ...untroubled, bootFailures: 1 }, market);
    const { fleet, simulation, run } = fleetOf(market, { troubles });
    await run('00:05:00');
    const [, died] = fleet.ec2.instances;
    expect(fleet.bootFailures).toEqual([died!.id]);
    expect(fleet.ec2.costOf(fleet.ec2.describe(died!.id, simulation.now).instance, simulation.now)).toBe(0);
    expect(seen.find(({ path }) => path === 'executed')?.body.success).toBe(false);
  });

  it('hears nothing while the control plane is out of reach', async () => {
    const troubles = Object.assign(new Troubles(untroubled, market), {
      isOut: (now: Date) => now >= t('00:10:00') && now < t('00:15:00'),
    });
    const { fleet, run } = fleetOf(market, { troubles });
    await run('00:20:00');
    expect(seen.filter(({ at }) => at >= 600 && at < 900)).toEqual([]);
    expect(seen.filter(({ at }) => at >= 900).length).toBeGreaterThan(20);
    expect(fleet.ledger.failures.get('no connection POST /api/agents/{agent_id}/heartbeat')).toBe(10);
  });
});

describe('those who watch', () => {
  const market = trace([[1, 12], [0, 12]]); // biome-ignore format: an hour, then none

  it('tell two primaries in the database, and two machines that are both told to act', async () => {
    sendToSpot();
    const { fleet, simulation, run } = fleetOf(market);
    const query = async () => [{ agent: 'demo-1', machine: fleet.ec2.instances.at(-1)!.id, primaries }];
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const watch = new Watch({ simulation, query, clientId: 'c', url, token: 'token-x', log: () => {} });
    watch.over(fleet);
    let primaries = 1;
    await run('00:00:20');
    const sendOnce = script;
    script = (path) => (path === 'config' ? { enabled: true } : sendOnce(path));
    await watch.look();
    expect(watch.doubles).toEqual([]);
    await run('00:03:00'); // the successor has registered, and its predecessor has not been told to keep still
    await watch.look();
    expect(watch.doubles.join()).toMatch(/demo-1: i-\w+ and i-\w+ are both told to act/);
    primaries = 2;
    await watch.look();
    expect(watch.doubles.at(-1)).toMatch(/demo-1: 2 primaries in the database/);
    expect(watch.primacies.get('demo-1')?.map(({ instanceId }) => instanceId)).toEqual(
      fleet.ec2.instances.map(({ id }) => id),
    );
  });

  it('start a machine on demand ten minutes after an agent fell silent, and only then', async () => {
    sendToSpot();
    const { fleet, run, simulation } = fleetOf(market, { onSilence: (agent) => owner.noticed(fleet, agent) });
    const watch = { primaryOf: () => primary(fleet) };
    let primary = ({ ec2 }: Fleet) => ec2.instances.at(-1)?.id;
    const owner = new Owner({ simulation, watch, afterSeconds: 600 });
    await run('00:30:00');
    fleet.ec2.terminate(fleet.ec2.instances[0]!.id, simulation.now); // replaced: nobody misses it
    await run('00:50:00');
    expect(owner.rescues).toEqual([]);
    primary = ({ ec2 }) => ec2.instances[ec2.instances.length > 2 ? 2 : 1]!.id; // EC2 takes it at 01:00:00
    await run('01:09:59');
    expect(owner.rescues).toEqual([]);
    await run('01:40:00');
    expect(owner.rescues).toEqual([fleet.ec2.instances[2]!.id]);
    expect(fleet.ec2.instances[2]).toMatchObject({ mode: 'ondemand', launchedAt: t('01:10:00'), agent: 'demo-1' });
  });
});

describe('options of interruptions', () => {
  const trace = ['--availability', 'trace.json'];

  it('have defaults, and play the whole trace', () => {
    expect(readOptions(trace)).toMatchObject({
      availability: 'trace.json',
      days: 3650,
      noticeSeconds: 120,
      rebalanceShare: 0.5,
      ownerSeconds: 600,
      launchSeconds: 90,
      bootFailures: 0,
      throttledLaunches: 0,
      hangsPerWeek: 0,
      outagesPerWeek: 0,
      events: true,
      eventLoss: 0.01,
      eventDuplicates: 0.01,
    });
    expect(readOptions([...trace, '--events', 'false'])).toMatchObject({ events: false });
    expect(readOptions([...trace, '--days', '1'])).toMatchObject({ days: 1 });
  });

  it.each([
    [[...trace, '--prices', 'p.csv'], '--availability and --prices exclude each other'],
    [['--notice', '60s'], '--notice is about interruptions, which only --availability FILE plays'],
    [['--prices', 'p.csv', '--hangs', '1'], '--hangs is about interruptions'],
    [[...trace, '--notice', '20s'], '--notice 20s: expected a time from 30s to 120s'],
    [[...trace, '--notice', '3m'], '--notice 3m: expected a time from 30s to 120s'],
    [[...trace, '--rebalance-share', '1.1'], '--rebalance-share 1.1: expected a number from 0 to 1'],
    [[...trace, '--boot-failures', '1'], '--boot-failures 1: expected a number from 0 to 0.9'],
    [[...trace, '--throttled-launches', '1'], '--throttled-launches 1: expected a number from 0 to 0.9'],
    [[...trace, '--outages', '-1'], '--outages'],
    [['--events', 'false'], '--events is about interruptions'],
    [[...trace, '--events', 'no'], '--events no: expected true or false'],
    [[...trace, '--event-loss', '1.1'], '--event-loss 1.1: expected a number from 0 to 1'],
    [[...trace, '--event-duplicates', '2'], '--event-duplicates 2: expected a number from 0 to 1'],
    [[...trace, '--owner-after', '1m'], '--owner-after 1m: expected a time from 120s'],
  ])('refuse %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });

  it('are all explained', () => {
    const options = [
      'availability',
      'notice',
      'rebalance-share',
      'owner-after',
      'launch-time',
      'boot-failures',
      'throttled-launches',
      'hangs',
      'outages',
      'events',
      'event-loss',
      'event-duplicates',
    ];
    for (const option of options) expect(help).toContain(`--${option}`);
  });
});
