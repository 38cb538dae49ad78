import { randomBytes, randomUUID } from 'node:crypto';
import { detailTypes } from '../../../../functions/spot-events/ec2-events.ts';
import type { FailoverWorld } from './world.ts';

/** The tenant's AWS account, and one that is nobody's. */
export const account = '123456789012';
const foreignAccount = '999999999999';

const kinds = {
  warning: [detailTypes.interruption, { 'instance-action': 'terminate' }],
  rebalance: [detailTypes.rebalance, {}],
  'shutting-down': [detailTypes.stateChange, { state: 'shutting-down' }],
  terminated: [detailTypes.stateChange, { state: 'terminated' }],
} as const;
export type EventKind = keyof typeof kinds;

/** An EC2 event as EventBridge delivers it. */
const eventOf = (kind: EventKind, instanceId: string, at: number) => ({
  version: '0',
  id: randomUUID(),
  'detail-type': kinds[kind][0] as string,
  source: 'aws.ec2',
  account,
  time: new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'),
  region: 'us-east-1',
  resources: [],
  detail: { 'instance-id': instanceId, ...kinds[kind][1] },
});

export interface Delivery {
  readonly kind: EventKind;
  readonly instanceId: string;
  /** By EC2's clock, milliseconds. */
  readonly happenedAt: number;
  readonly arrivesAt: number;
  readonly body: unknown;
}

/**
 * The delivery of EC2's events to the control plane (F5). At the world's percentage an event is lost, delivered five
 * times, late by up to five minutes, or delivered before an older one; at a lower one it is later than the ten minutes
 * in which it counts.
 */
export class Ec2Events {
  readonly #world: FailoverWorld;
  #underWay: Delivery[] = [];

  constructor(world: FailoverWorld) {
    this.#world = world;
  }

  send(kind: EventKind, instanceId: string, happenedAt: number) {
    const { struck, chance, percent, tally, now, between } = this.#world;
    tally.count('events');
    if (struck()) return void tally.count('events lost');
    const copies = struck() ? 5 : 1;
    if (copies > 1) tally.count('events told five times');
    const body = eventOf(kind, instanceId, happenedAt);
    const isStale = chance(percent / 400);
    for (let copy = 1; copy <= copies; copy += 1) {
      const delay = isStale ? between(601, 1200) : struck() ? between(1, 300) : between(0, 2);
      const arrivesAt = Math.max(now, happenedAt) + delay * 1000;
      this.#underWay.push({ kind, instanceId, happenedAt, arrivesAt, body });
    }
  }

  /** When the next one arrives, milliseconds. */
  get next(): number {
    return Math.min(...this.#underWay.map(({ arrivesAt }) => arrivesAt));
  }

  /** The events that have arrived by now, one batch at most. */
  take(): Delivery[] {
    const { now, struck, shuffled } = this.#world;
    const sorted = this.#underWay.toSorted((a, b) => a.arrivesAt - b.arrivesAt);
    const arrived = sorted.filter(({ arrivesAt }) => arrivesAt <= now).slice(0, 10);
    this.#underWay = sorted.filter((delivery) => !arrived.includes(delivery));
    return struck() ? shuffled(arrived) : arrived;
  }

  /** Delivers events. An operator sends those that became dead letters back to the queue minutes later. */
  async deliver(deliveries: readonly Delivery[]): Promise<void> {
    const world = this.#world;
    const { deadLetters } = world.rig.controlPlane;
    const before = deadLetters.length;
    world.spoken = undefined;
    await world.rig.controlPlane.postEvents(deliveries.map(({ body }) => body));
    const letters = deadLetters.slice(before).map((letter) => JSON.parse(letter).id as string);
    const what = deliveries.map(({ kind, instanceId }) => `${kind} of ${world.name('i', instanceId)}`).join(', ');
    world.note(`EC2 announces ${what}${letters.length > 0 ? `: ${letters.length} set aside` : ''}`);
    world.rule(letters.length === 0 || world.percent > 0, 'F5: an event is set aside only where the database fails');
    world.tally.count('events set aside', letters.length);
    for (const delivery of deliveries)
      if (letters.includes((delivery.body as { id: string }).id))
        this.#underWay.push({ ...delivery, arrivesAt: world.now + world.between(60, 300) * 1000 });
  }

  /** Delivers events that must change nothing (F5), about an instance that is the tenant's and about others. */
  async deliverJunk(instanceId: string): Promise<void> {
    const world = this.#world;
    const true_ = eventOf(world.pick(['warning', 'rebalance', 'terminated'] as const), instanceId, world.now);
    const junk: Record<string, unknown> = {
      'a foreign account': { ...true_, account: foreignAccount },
      'an unknown instance': {
        ...true_,
        detail: { ...true_.detail, 'instance-id': `i-${randomBytes(8).toString('hex')}` },
      },
      'no JSON': 'not JSON',
      'no instance': { ...true_, detail: {} },
      'no time': { ...true_, time: 'soon' },
      'another version': { ...true_, version: '1' },
      'another source': { ...true_, source: 'com.example' },
      'another type': { ...true_, 'detail-type': 'EC2 Fleet Error' },
    };
    const what = world.shuffled(Object.keys(junk)).slice(0, world.between(1, 3));
    const letters = world.rig.controlPlane.deadLetters.length;
    await world.rig.controlPlane.postEvents(what.map((kind) => junk[kind]));
    world.note(`somebody's event of ${what.join(', ')} about ${world.name('i', instanceId)}`);
    const setAside = world.rig.controlPlane.deadLetters.length - letters;
    const lookedUp = what.filter((kind) => ['a foreign account', 'an unknown instance'].includes(kind)).length;
    world.rule(
      setAside <= (world.percent > 0 ? lookedUp : 0),
      `F5: ${setAside} events that mean nothing are set aside`,
    );
    world.tally.count('events that mean nothing', what.length);
  }
}
