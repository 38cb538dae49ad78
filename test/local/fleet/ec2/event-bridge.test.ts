import { describe, expect, it } from 'vitest';
import { readMessage } from '../../../../functions/spot-events/events.ts';
import { Ec2 } from '../../../../local/fleet/ec2/ec2.ts';
import { type EventKind, ec2Event, eventKinds } from '../../../../local/fleet/ec2/ec2-events.ts';
import { EventBridge } from '../../../../local/fleet/ec2/event-bridge.ts';
import type { Interruption } from '../../../../local/fleet/ec2/interruption.ts';
import { type InstanceFaults, noInstanceFaults } from '../../../../local/fleet/run/fault-plan.ts';
import { Simulation } from '../../../../local/fleet/run/simulation.ts';
import { market, t } from '../../../support/fleet/simulated-fleet.ts';

const account = { id: '111122223333', region: 'us-east-1' };

const instance = new Ec2({ market, seed: 1 }).runInstances(
  { type: 'm5.large', az: 'us-east-1b', mode: 'spot', agent: 'demo-1', cause: { kind: 'command', id: 'c' } },
  t('00:00:00'),
);

const faultsWith = (delays: Partial<InstanceFaults['eventDelays']> = {}): InstanceFaults => ({
  ...noInstanceFaults,
  eventDelays: { ...noInstanceFaults.eventDelays, ...delays },
});

describe('an event of EC2', () => {
  it('has the fields that EventBridge delivers', () => {
    const { id, ...notice } = ec2Event('notice', instance, account, new Date('2024-01-01T01:58:00.400Z'));
    expect(id).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(notice).toEqual({
      version: '0',
      'detail-type': 'EC2 Spot Instance Interruption Warning',
      source: 'aws.ec2',
      account: '111122223333',
      time: '2024-01-01T01:58:00Z',
      region: 'us-east-1',
      resources: [`arn:aws:ec2:us-east-1b:instance/${instance.id}`],
      detail: { 'instance-id': instance.id, 'instance-action': 'terminate' },
    });
    expect(ec2Event('shutting-down', instance, account, t('02:00:00'))).toMatchObject({
      'detail-type': 'EC2 Instance State-change Notification',
      resources: [`arn:aws:ec2:us-east-1:111122223333:instance/${instance.id}`],
      detail: { 'instance-id': instance.id, state: 'shutting-down' },
    });
  });

  it.each(eventKinds)('of kind %s can be read', (kind) => {
    const message = {
      body: JSON.stringify(ec2Event(kind, instance, account, t('01:58:00'))),
      attributes: { ApproximateFirstReceiveTimestamp: String(t('01:58:02').getTime()) },
    };
    expect(readMessage(message)).toMatchObject({ event: { time: t('01:58:00') }, now: t('01:58:02') });
  });
});

type Ec2Event = ReturnType<typeof ec2Event>;

/** EventBridge on a simulation of its own, and what it delivered at which time. */
function bridgeOf(outages: readonly { from: Date; to: Date }[] = []) {
  const simulation = new Simulation({ clock: { set: () => {} }, start: market.start });
  const delivered: { at: string; event: Ec2Event }[] = [];
  const kinds: EventKind[] = [];
  const bridge = new EventBridge({
    simulation,
    account,
    post: async (events) => {
      const { now } = simulation;
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(simulation.now).toEqual(now); // virtual time waits
      for (const event of events) delivered.push({ at: now.toISOString().slice(11, 19), event: event as Ec2Event });
    },
    faults: { outageAt: (now) => outages.find(({ from, to }) => from <= now && now < to) },
    onDelivery: (_, kind) => kinds.push(kind),
  });
  const seen = () => delivered.map(({ at, event }) => [at, event.time.slice(11, 19), event['detail-type'].slice(4)]);
  return { simulation, bridge, delivered, kinds, seen };
}

const planned: Interruption = { rebalanceAt: t('01:00:00'), noticeAt: t('01:58:00'), endAt: t('02:00:00') };
const notice = 'Spot Instance Interruption Warning';
const recommendation = 'Instance Rebalance Recommendation';
const change = 'Instance State-change Notification';

describe('EventBridge', () => {
  it('delivers what EC2 announces, and both states of an instance that stops', async () => {
    const { simulation, bridge, seen, kinds } = bridgeOf();
    bridge.launched(instance, planned, faultsWith({ rebalance: [3], notice: [2] }));
    await simulation.run(t('02:00:00'));
    bridge.stopped(instance);
    await simulation.run(t('03:00:00'));
    expect(seen()).toEqual([
      ['01:00:03', '01:00:00', recommendation],
      ['01:58:02', '01:58:00', notice],
      ['02:00:00', '02:00:00', change],
      ['02:00:20', '02:00:20', change],
    ]);
    expect(kinds).toEqual(['rebalance', 'notice', 'shutting-down', 'terminated']);
  });

  it('announces nothing about an instance that has stopped', async () => {
    const { simulation, bridge, kinds } = bridgeOf();
    bridge.launched(instance, planned, faultsWith());
    await simulation.run(t('01:30:00'));
    bridge.stopped(instance);
    await simulation.run(t('03:00:00'));
    expect(kinds).toEqual(['rebalance', 'shutting-down', 'terminated']);
  });

  it('loses events, and delivers others twice', async () => {
    const { simulation, bridge, delivered, seen } = bridgeOf();
    bridge.launched(instance, planned, faultsWith({ rebalance: [], notice: [1, 45] }));
    await simulation.run(t('01:59:00'));
    expect(seen().map(([at]) => at)).toEqual(['01:58:01', '01:58:45']);
    expect(delivered[1]!.event).toEqual(delivered[0]!.event);
    expect(bridge.counts).toMatchObject({ lost: 1, duplicated: 1, delayed: 0 });
    expect([...bridge.counts.sent]).toEqual([
      ['rebalance', 1],
      ['notice', 1],
    ]);
  });

  it('keeps events during an outage of the control plane', async () => {
    const outage = { from: t('01:57:00'), to: new Date(t('02:03:00').getTime() + 300) };
    const { simulation, bridge, seen } = bridgeOf([outage]);
    bridge.launched(instance, planned, faultsWith());
    await simulation.run(t('03:00:00'));
    expect(seen()).toEqual([
      ['01:00:00', '01:00:00', recommendation],
      ['02:03:01', '01:58:00', notice],
    ]);
    expect(bridge.counts.delayed).toBe(1);
  });
});
