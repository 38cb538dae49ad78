import { afterAll, beforeAll, expect, it } from 'vitest';
import { readOptions, type StartOptions } from '../../../../local/fleet/run/options.ts';
import { play } from '../../../../local/fleet/run/play.ts';
import { Progress } from '../../../../local/fleet/run/progress.ts';
import { queryOver } from '../../../../local/fleet/run/query.ts';
import { createTenant } from '../../../../local/fleet/run/tenant.ts';
import type { Market } from '../../../../local/market/market.ts';
import { Rig } from '../../../support/rig/rig.ts';

const at = (minutes: number) => Date.UTC(2026, 2, 2) + minutes * 60_000;

/** A pool whose price changes on the hour, and a more expensive one. */
const market: Market = {
  instanceType: 'm5.large',
  region: 'us-west-2',
  onDemandPrice: 0.1,
  start: new Date(at(0)),
  end: new Date(at(135)),
  notes: [],
  pools: [
    {
      az: 'us-west-2b',
      steps: [
        { from: at(0), price: 0.01 },
        { from: at(60), price: 0.012 },
      ],
    },
    { az: 'us-west-2c', steps: [{ from: at(0), price: 0.03 }] },
  ],
};

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

async function played(name: string, market: Market, ...args: string[]) {
  const { url, adminToken, dataApi, scheduler, postEvents, deadLetters, ec2 } = rig.controlPlane;
  const options = readOptions(['--agents', '2', '--v32-share', '0.5', ...args]) as StartOptions;
  const tenant = await createTenant(url, adminToken, name, options.availabilityTarget ?? 'none');
  return play({
    options,
    market,
    start: market.start,
    end: market.end,
    clock: rig.clock,
    url,
    tenant,
    query: queryOver(dataApi.url),
    onMinute: () => scheduler.runDue(),
    postEvents,
    deadLetters,
    ec2,
    progress: new Progress({ write: () => true } as unknown as NodeJS.WriteStream),
    log: () => {},
    signal: new AbortController().signal,
  });
}

it("the accounts agree with the fleet's own books to a hundredth of a cent, over the hours they cover", async () => {
  const { accounts, fleet, costs } = await played('accounts', market);
  expect(accounts?.until).toEqual(new Date(at(120)));
  const { baseline, actual, savings, ofFleet } = accounts!;
  expect(baseline).toBeCloseTo(ofFleet.baseline, 4);
  expect(actual).toBeCloseTo(ofFleet.actual, 4);
  expect(savings).toBeCloseTo(ofFleet.baseline - ofFleet.actual, 4);
  // What was spent after these hours is not in them yet, and each agent has moved to Spot.
  expect(costs.actual).toBeGreaterThan(ofFleet.actual);
  expect(fleet.ec2.instances.length).toBeGreaterThanOrEqual(4);
}, 120_000);

it('the accounts agree to the cent if EC2 interrupts instances, in their first hour and later', async () => {
  const day = 86_400_000;
  const seen = (minutes: number) => at(minutes) + day;
  const lossy: Market = {
    ...market,
    start: new Date(seen(0)),
    end: new Date(seen(135)),
    pools: [
      {
        az: 'us-west-2b',
        steps: [{ from: seen(0), price: 0.01 }],
        capacity: [
          { from: seen(0), count: 9 },
          { from: seen(70), count: 0 },
        ],
      },
      {
        az: 'us-west-2c',
        steps: [{ from: seen(0), price: 0.03 }],
        capacity: [
          { from: seen(0), count: 9 },
          { from: seen(85), count: 0 },
          { from: seen(100), count: 9 },
        ],
      },
    ],
  };
  const { accounts, interruptions, fleet } = await played('losses', lossy, '--availability', 'trace.json');
  const { baseline, actual, ofFleet } = accounts!;
  // The control plane learns of a lost instance seconds later, and counts a standby from its launch, not from running.
  expect(interruptions!.failovers.length).toBeGreaterThanOrEqual(2);
  expect(fleet.ec2.instances.some(({ interrupted }) => interrupted)).toBe(true);
  expect({ actual, baseline }).toEqual({
    actual: expect.closeTo(ofFleet.actual, 2),
    baseline: expect.closeTo(ofFleet.baseline, 2),
  });
}, 120_000);
