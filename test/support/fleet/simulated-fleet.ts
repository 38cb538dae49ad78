import type { EventBridge } from '../../../local/fleet/ec2/event-bridge.ts';
import type { FaultOptions } from '../../../local/fleet/run/fault-plan.ts';
import { Fleet, type FleetOptions } from '../../../local/fleet/run/fleet.ts';
import { Simulation } from '../../../local/fleet/run/simulation.ts';
import type { Market } from '../../../local/market/market.ts';
import { parsePrices } from '../../../local/market/price-files.ts';
import type { FakeControlPlane } from './fake-control-plane.ts';

/** A time on the day of these markets. */
export const t = (text: string) => new Date(`2024-01-01T${text}Z`);
export const later = (from: Date, seconds: number) => new Date(from.getTime() + seconds * 1000);

/** Three pools. The first has a gap between 02:00 and 03:00, the last has no price before 10:00. */
export const market: Market = {
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

type Runs = readonly (readonly [count: number, repeat: number])[];

/** The text of an availability trace: two pools, three steps of five minutes. */
export const traceFile = (b: unknown, c: unknown = [[1, 3]], over: object = {}) =>
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

/** A market with the given counts in us-west-2b and us-west-2c; a step takes five minutes. */
export function traceMarket(b: Runs, c: Runs = [[1, b.reduce((sum, [, repeat]) => sum + repeat, 0)]]): Market {
  const steps = b.reduce((sum, [, repeat]) => sum + repeat, 0);
  const priced = (az: string, price: number, countRle: Runs) => ({ az, priceRle: [[price, steps]], countRle });
  return parsePrices(
    traceFile(b, c, { steps, pools: [priced('us-west-2b', 0.03, b), priced('us-west-2c', 0.04, c)] }),
    'trace.json',
  );
}

/** Recorded interruptions without rebalance recommendations. */
export const noRecommendations = { noticeSeconds: 120, rebalanceShare: 0, seed: 1 };

export const noFaults: FaultOptions = {
  bootFailures: 0,
  throttledLaunches: 0,
  eventLoss: 0,
  eventDuplicates: 0,
  hangsPerWeek: 0,
  outagesPerWeek: 0,
  seed: 1,
};

export interface SimulatedFleetOptions extends Partial<FleetOptions> {
  readonly bridgeOn?: (simulation: Simulation) => EventBridge;
}

/** A fleet of one agent of version 4 against a fake control plane, polling at its own intervals. */
export function simulatedFleet(api: FakeControlPlane, { bridgeOn, ...over }: SimulatedFleetOptions = {}) {
  const { market: played = market } = over;
  const simulation = new Simulation({ clock: { set: () => {} }, start: played.start });
  api.follow(() => simulation.now);
  const lines: string[] = [];
  const fleet = new Fleet({
    simulation,
    market: played,
    random: () => 0,
    seed: 1,
    agents: 1,
    v32Share: 0,
    pollSeconds: undefined,
    environment: {},
    serverUrl: `${api.url}/any/prefix`,
    clientToken: 'token-x',
    log: (line) => lines.push(line),
    eventBridge: bridgeOn?.(simulation),
    ...over,
  });
  fleet.start();
  return {
    fleet,
    lines,
    simulation,
    /** Lets time pass until this many seconds after the start. */
    run: (seconds: number) => simulation.run(later(played.start, seconds)),
    runUntil: (time: string) => simulation.run(t(time)),
  };
}
