import { describe, expect, it } from 'vitest';
import type { EventKind } from '../../../../local/fleet/ec2/ec2-events.ts';
import { EventBridge } from '../../../../local/fleet/ec2/event-bridge.ts';
import { recordedInterruptions } from '../../../../local/fleet/ec2/recorded-interruptions.ts';
import { FaultPlan, noInstanceFaults } from '../../../../local/fleet/run/fault-plan.ts';
import type { Fleet } from '../../../../local/fleet/run/fleet.ts';
import type { Simulation } from '../../../../local/fleet/run/simulation.ts';
import {
  executed,
  FakeControlPlane,
  heartbeat,
  launchingReplicas,
  pendingCommands,
  terminationImminent,
} from '../../../support/fleet/fake-control-plane.ts';
import {
  noFaults,
  noRecommendations,
  type SimulatedFleetOptions,
  simulatedFleet,
  t,
  traceMarket,
} from '../../../support/fleet/simulated-fleet.ts';

const api = FakeControlPlane.use();

const market = traceMarket([[1, 12], [0, 6], [1, 6]]); // biome-ignore format: an hour, half an hour without, half an hour

const fleetOn = (over: SimulatedFleetOptions = {}, played = market) => {
  api.haveNoStandby();
  return simulatedFleet(api, { market: played, ...recordedInterruptions(played, noRecommendations), ...over });
};

/** Sends the agent to Spot, to the pool that is interrupted at 01:00:00. */
const sendToSpot = () => api.queue({ target_pool_id: 'm5.large.us-west-2b' });

describe('a fleet with recorded interruptions', () => {
  it.each([undefined, 3600])('sees notices within five seconds, with idle polls every %s s', async (pollSeconds) => {
    sendToSpot();
    const { fleet, runUntil } = fleetOn({ pollSeconds });
    await runUntil('01:05:00');
    const spot = fleet.ec2.instances[1]!;
    expect(spot).toMatchObject({ az: 'us-west-2b', interrupted: true, stoppedAt: t('01:00:00') });
    const told = api.to(terminationImminent).filter(({ body }) => body.instance_id === spot.id);
    expect(told[0]!.at).toBeGreaterThanOrEqual(58 * 60);
    expect(told[0]!.at).toBeLessThanOrEqual(58 * 60 + 5);
    expect(told[0]!.body.termination_time).toBe('2024-01-01T01:00:00Z');
    expect(fleet.ledger.notices).toEqual(new Set([spot.id]));
    expect(fleet.ledger.noticeCalls.requests).toBe(2);
    // It polls at its own intervals until the end.
    const launchPolls = api.to(launchingReplicas).filter(({ at }) => at > 58 * 60 && at <= 3600);
    expect(launchPolls.length).toBeGreaterThanOrEqual(4);
    expect(fleet.isAlive(spot.id)).toBe(false);
  });

  it('reports a launch without capacity', async () => {
    sendToSpot();
    const { fleet, runUntil } = fleetOn({}, traceMarket([[0, 24]]));
    await runUntil('00:05:00');
    expect(fleet.ec2.instances.length).toBe(1);
    expect(fleet.ledger.refusedLaunches).toBe(1);
    expect(api.to(executed)[0]!.body).toEqual({ success: false, message: 'Switch failed' });
  });
});

describe('a fleet with faults', () => {
  it.each([
    [1, true],
    [0, false],
  ])('sends %i offline heartbeats at the end of an instance whose clean shutdown is %s', async (count, isClean) => {
    sendToSpot();
    const faults = Object.assign(new FaultPlan(noFaults, market), {
      faultsOf: () => ({ ...noInstanceFaults, shutsDownCleanly: isClean }),
    });
    await fleetOn({ faults, pollSeconds: 3600 }).runUntil('01:05:00');
    const offline = api.to(heartbeat).filter(({ at, body }) => at >= 3600 && body.status === 'offline');
    expect(offline).toHaveLength(count);
  });

  it('hears nothing from an agent that hangs, and can terminate its instance', async () => {
    const silences: string[] = [];
    const faults = new FaultPlan({ ...noFaults, hangsPerWeek: 1000 }, market);
    const { fleet, simulation, runUntil } = fleetOn({ faults, onSilence: (agent) => silences.push(agent) });
    await runUntil('02:00:00');
    expect(fleet.hangs).toEqual([fleet.ec2.instances[0]!.id]);
    expect(silences).toEqual(['demo-1']);
    const last = api.seen.at(-1)!.at;
    expect(last).toBeLessThan(7000);
    expect(fleet.ec2.describe(fleet.hangs[0]!, simulation.now).state).toBe('running');
    expect(fleet.isAlive(fleet.hangs[0]!)).toBe(false);
    fleet.terminateHung('demo-1');
    expect(fleet.ec2.describe(fleet.hangs[0]!, simulation.now).state).toBe('shutting-down');
  });

  it('gives up a launch whose instance fails to boot', async () => {
    sendToSpot();
    const faults = new FaultPlan({ ...noFaults, bootFailures: 1 }, market);
    const { fleet, simulation, runUntil } = fleetOn({ faults });
    await runUntil('00:05:00');
    const [, failed] = fleet.ec2.instances;
    expect(fleet.bootFailures).toEqual([failed!.id]);
    expect(fleet.ec2.costOf(fleet.ec2.describe(failed!.id, simulation.now).instance, simulation.now)).toBe(0);
    expect(api.to(executed)[0]!.body.success).toBe(false);
  });

  it('gets no response during an outage of the control plane', async () => {
    const faults = Object.assign(new FaultPlan(noFaults, market), {
      isOutage: (now: Date) => now >= t('00:10:00') && now < t('00:15:00'),
    });
    const { fleet, runUntil } = fleetOn({ faults });
    await runUntil('00:20:00');
    expect(api.seen.filter(({ at }) => at >= 600 && at < 900)).toEqual([]);
    expect(api.seen.filter(({ at }) => at >= 900).length).toBeGreaterThan(20);
    expect(fleet.ledger.failures.get('no connection POST /api/agents/{agent_id}/heartbeat')).toBe(10);
  });

  it('reports launches that EC2 throttles', async () => {
    sendToSpot();
    const { fleet, runUntil } = fleetOn({ faults: new FaultPlan({ ...noFaults, throttledLaunches: 1 }, market) });
    await runUntil('00:05:00');
    expect(fleet.ec2.instances).toHaveLength(1);
    expect(fleet.ledger).toMatchObject({ throttledLaunches: 1, refusedLaunches: 0 });
    expect(api.to(executed)[0]!.body).toEqual({ success: false, message: 'Switch failed' });
  });
});

describe('a fleet whose events are forwarded', () => {
  /** The fleet, and the events about it that EventBridge delivers. */
  function forwarded(over: SimulatedFleetOptions = {}) {
    const events: string[] = [];
    let fleet: Fleet | undefined;
    const bridgeOn = (simulation: Simulation) =>
      new EventBridge({
        simulation,
        account: { id: '111122223333', region: 'us-west-2' },
        post: async () => {},
        faults: { outageAt: () => undefined },
        onDelivery: ({ id, agent }, kind: EventKind) => {
          events.push(`${kind} of ${id}`);
          if (kind === 'notice') fleet!.markBusy(agent);
        },
      });
    const started = fleetOn({ pollSeconds: 3600, bridgeOn, ...over });
    fleet = started.fleet;
    return { ...started, events };
  }

  it('is reported on even if an agent hangs or an instance is on-demand', async () => {
    sendToSpot();
    const faults = Object.assign(new FaultPlan(noFaults, market), {
      faultsOf: () => ({ ...noInstanceFaults, hangsAfter: 1800 }),
    });
    const { fleet, events, runUntil } = forwarded({ faults });
    await runUntil('01:05:00');
    const [first, spot] = fleet.ec2.instances;
    expect(fleet.hangs).toContain(spot!.id);
    fleet.ec2.terminate(first!.id, t('01:05:00'));
    await runUntil('01:10:00');
    const told = (kinds: string[], id: string) => kinds.map((kind) => `${kind} of ${id}`);
    expect(events).toEqual([
      ...told(['notice', 'shutting-down', 'terminated'], spot!.id),
      ...told(['shutting-down', 'terminated'], first!.id),
    ]);
    expect(fleet.ledger.noticeSources.size).toBe(0);
  });

  it.each([
    [3600, 15],
    [undefined, 15],
  ])('of version 3.2, polling every %s s, polls for commands within %i s of a notice', async (pollSeconds, within) => {
    sendToSpot();
    const { fleet, runUntil } = forwarded({ v32Share: 1, pollSeconds });
    await runUntil('01:00:00');
    const spot = fleet.ec2.instances.at(-1)!;
    expect(spot.az).toBe('us-west-2b');
    const asked = api.to(pendingCommands).filter(({ at }) => at > 58 * 60);
    expect(asked[0]!.at - 58 * 60).toBeLessThanOrEqual(within);
    expect(api.to(terminationImminent)).toEqual([]);
  });

  it('of version 4 also announces its end itself, which is recorded once the control plane has responded', async () => {
    sendToSpot();
    const { fleet, runUntil } = forwarded();
    await runUntil('01:00:00');
    const spot = fleet.ec2.instances.at(-1)!;
    expect([...fleet.ledger.noticeSources]).toEqual([[spot.id, ['agent']]]);

    sendToSpot();
    const isOutage = (now: Date) => now >= t('00:58:00') && now < t('01:00:00');
    const silent = forwarded({ faults: Object.assign(new FaultPlan(noFaults, market), { isOutage }) });
    await silent.runUntil('01:00:00');
    expect(silent.fleet.ledger.notices.size).toBe(1);
    expect(silent.fleet.ledger.noticeSources.size).toBe(0);
  });
});
