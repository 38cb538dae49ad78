import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCandidates } from '../../../../functions/core/failover/candidates.ts';
import {
  type Candidate,
  choosePool,
  hasJustFailedItself,
  isBeingTaken,
  isQuarantined,
  type Wish,
} from '../../../../functions/core/failover/placement.ts';
import { enterLoss } from '../../../support/database/losses.ts';
import fc from '../../../support/fast-check.ts';
import { Rig } from '../../../support/rig/rig.ts';

const now = new Date('2026-03-02T12:00:00Z');
const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);

const pool = (zone: string, facts: Partial<Candidate> = {}): Candidate => ({
  id: `m5.large.${zone}`,
  name: `m5.large (${zone})`,
  instanceType: 'm5.large',
  region: 'us-east-1',
  az: zone,
  price: 0.03,
  pricedAt: now,
  interruptions24h: 0,
  lastNoticeAt: null,
  jointFailures: 0,
  failures24h: 0,
  lastFailureAt: null,
  ownFailures24h: 0,
  lastOwnFailureAt: null,
  placementScore: null,
  ...facts,
});
const wish = (facts: Partial<Wish> = {}): Wish => ({ primaryPool: 'm5.large.a', emergency: false, ...facts });

describe('choosePool', () => {
  it.each<[string, Candidate[], Partial<Wish>, string | undefined]>([
    ['nothing to choose from', [], {}, undefined],
    ['only the primary’s own pool', [pool('a')], { emergency: true }, undefined],
    ['the only other one', [pool('a'), pool('b')], {}, 'b'],
    ['any, for a primary in no pool', [pool('a')], { primaryPool: null }, 'a'],
    ['the cheaper one', [pool('b'), pool('c', { price: 0.02 })], {}, 'c'],
    ['of equals the first by name', [pool('c'), pool('b')], {}, 'b'],
    [
      'of equals the one that EC2 scores higher',
      [pool('b', { placementScore: 3 }), pool('c', { placementScore: 9 })],
      {},
      'c',
    ],
    ['of equals a scored one before one that is not', [pool('b'), pool('c', { placementScore: 1 })], {}, 'c'],
    ['the cheaper one, whatever EC2 scores', [pool('b', { placementScore: 9 }), pool('c', { price: 0.02 })], {}, 'c'],
    [
      'a pool that EC2 is emptying is left alone',
      [pool('b', { lastNoticeAt: ago(4.99) }), pool('c', { price: 1 })],
      {},
      'c',
    ],
    ['for five minutes', [pool('b', { lastNoticeAt: ago(5) }), pool('c', { price: 1 })], {}, 'b'],
    ['in an emergency too', [pool('b', { lastNoticeAt: ago(0) })], { emergency: true }, undefined],
    ['a pool in quarantine is left alone', [pool('b', { failures24h: 9, lastFailureAt: now })], {}, undefined],
    [
      'in an emergency it is better than none',
      [pool('b', { failures24h: 9, lastFailureAt: now })],
      { emergency: true },
      'b',
    ],
    [
      'in an emergency too, one where the agent itself has just failed',
      [pool('b', { failures24h: 1, lastFailureAt: now, ownFailures24h: 1, lastOwnFailureAt: now })],
      { emergency: true },
      undefined,
    ],
    ['fewer interruptions before price', [pool('b', { interruptions24h: 1, price: 0.01 }), pool('c')], {}, 'c'],
    [
      'no joint failures before fewer interruptions',
      [pool('b', { jointFailures: 1 }), pool('c', { interruptions24h: 9 })],
      {},
      'c',
    ],
    [
      'one without a failed launch in half an hour before no joint failures',
      [pool('b', { failures24h: 1, lastFailureAt: ago(29) }), pool('c', { jointFailures: 1 })],
      {},
      'c',
    ],
    [
      'and after that as ever',
      [pool('b', { failures24h: 1, lastFailureAt: ago(30) }), pool('c', { price: 1 })],
      {},
      'b',
    ],
    ['a preferred zone before all', [pool('b'), pool('c', { jointFailures: 3 })], { preferredZones: ['c'] }, 'c'],
    ['none of the excluded zones', [pool('b'), pool('c', { price: 9 })], { excludeZones: ['b'] }, 'c'],
    [
      'none of the excluded zones, preferred or not',
      [pool('b')],
      { excludeZones: ['b'], preferredZones: ['b'] },
      undefined,
    ],
    ['what costs just as much as it may', [pool('b')], { maxHourlyCost: 0.03 }, 'b'],
    ['nothing that costs more', [pool('b', { price: 0.030001 })], { maxHourlyCost: 0.03 }, undefined],
    ['no unknown price under a limit', [pool('b', { price: null })], { maxHourlyCost: 1, emergency: true }, undefined],
    ['a price of just 15 minutes', [pool('b', { pricedAt: ago(15) })], {}, 'b'],
    ['no older price', [pool('b', { pricedAt: ago(15.1) })], {}, undefined],
    ['no pool without a price', [pool('b', { price: null, pricedAt: null })], {}, undefined],
    ['an older price in an emergency', [pool('b', { pricedAt: ago(20) })], { emergency: true }, 'b'],
    ['no price at all in an emergency', [pool('b', { price: null, pricedAt: null })], { emergency: true }, 'b'],
    [
      'a fresh price before a stale and cheap one in an emergency',
      [pool('b', { pricedAt: ago(20), price: 0.001 }), pool('c')],
      { emergency: true },
      'c',
    ],
    [
      'a price of today before an ancient one in an emergency',
      [pool('b', { pricedAt: ago(25 * 60), price: 0.001 }), pool('c', { pricedAt: ago(23 * 60) })],
      { emergency: true },
      'c',
    ],
    ['one whose quarantine is over', [pool('b', { failures24h: 1, lastFailureAt: ago(1) })], {}, 'b'],
  ])('takes %s', (_, candidates, facts, zone) => {
    expect(choosePool(candidates, wish(facts), now)?.az).toBe(zone);
    expect(choosePool(candidates.toReversed(), wish(facts), now)?.az).toBe(zone);
  });
});

describe('isQuarantined', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 4],
    [4, 8],
    [5, 16],
    [6, 30],
    [7, 30],
    [2000, 30],
  ])('holds after %i failures for %i minutes', (failures24h, minutes) => {
    const holds = (m: number) => isQuarantined({ failures24h, lastFailureAt: ago(m) }, now);
    expect([holds(0), holds(minutes - 0.001), holds(minutes), holds(minutes + 1)]).toEqual([true, true, false, false]);
  });

  it('does not hold when no failure is known', () => {
    expect(isQuarantined({ failures24h: 0, lastFailureAt: now }, now)).toBe(false);
    expect(isQuarantined({ failures24h: 3, lastFailureAt: null }, now)).toBe(false);
  });
});

describe('choosePool, whatever the pools are', () => {
  const time = fc.option(fc.integer({ min: -5, max: 3000 }).map(ago));
  const candidate = fc.record({
    price: fc.option(fc.double({ min: 0.001, max: 100, noNaN: true })),
    pricedAt: time,
    interruptions24h: fc.nat(5),
    lastNoticeAt: time,
    jointFailures: fc.nat(5),
    failures24h: fc.nat(8),
    lastFailureAt: time,
    ownFailures24h: fc.nat(8),
    lastOwnFailureAt: time,
  });
  const candidates = fc
    .array(candidate, { maxLength: 6 })
    .map((all) => all.map((facts, i) => pool('abcdef'[i]!, facts)));
  const zones = fc.option(fc.subarray(['a', 'b', 'c', 'd', 'e', 'f']), { nil: undefined });
  const wishes = fc.record({
    primaryPool: fc.option(fc.constantFrom('m5.large.a', 'm5.large.b', 'm5.large.z')),
    excludeZones: zones,
    preferredZones: zones,
    maxHourlyCost: fc.option(fc.double({ min: 0.001, max: 100, noNaN: true }), { nil: undefined }),
    emergency: fc.boolean(),
  });

  it('takes the same pool in any order: not the primary’s, excluded, too dear or, unless urgent, quarantined', () => {
    fc.assert(
      fc.property(candidates, wishes, fc.nat(), (all, wanted, turn) => {
        const chosen = choosePool(all, wanted, now);
        const turned = [...all.slice(turn % 7), ...all.slice(0, turn % 7)];
        expect(choosePool(turned, wanted, now)).toEqual(chosen);
        if (!chosen) return;
        expect(chosen.id).not.toBe(wanted.primaryPool);
        if (!wanted.emergency) expect(isQuarantined(chosen, now)).toBe(false);
        if (isQuarantined(chosen, now)) expect(hasJustFailedItself(chosen, now)).toBe(false);
        expect(wanted.excludeZones ?? []).not.toContain(chosen.az);
        if (wanted.maxHourlyCost !== undefined) expect(chosen.price).toBeLessThanOrEqual(wanted.maxHourlyCost);
        if (!wanted.emergency) expect(now.getTime() - chosen.pricedAt!.getTime()).toBeLessThanOrEqual(15 * 60_000);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds a pool in an emergency unless each is being emptied or has just refused this agent', () => {
    fc.assert(
      fc.property(candidates, (all) => {
        const open = all.some(
          (one) =>
            one.id !== 'm5.large.a' &&
            !isBeingTaken(one, now) &&
            !(isQuarantined(one, now) && hasJustFailedItself(one, now)),
        );
        expect(choosePool(all, wish({ emergency: true }), now) !== undefined).toBe(open);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('readCandidates', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
    rig.clock.set(now);
  });
  afterAll(() => rig.stop());

  let types = 0;
  /** Three pools of a new instance type; the primary's is in zone a. */
  async function market() {
    const instance = await rig.primary({ type: `m${++types}.large`, mode: 'spot' });
    await instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04, 'us-east-1c': 0.03 });
    const poolIn = (zone: string) => `${instance.facts.type}.us-east-1${zone}`;
    const { agentId, tenant } = instance;
    const own = { clientId: tenant.id, agentId };
    const place = { ...own, instanceType: instance.facts.type, region: 'us-east-1', primaryPool: poolIn('a') };
    return {
      instance,
      own,
      poolIn,
      read: async (zone: string) => (await readCandidates(rig.db, place, now)).find(({ id }) => id === poolIn(zone)),
      interrupt: (zone: string, at: Date) => enterLoss(rig.db, { poolId: poolIn(zone), at }),
      launch: (zone: string, facts: object) =>
        rig.db
          .insertInto('replicaInstances')
          .values({
            id: randomUUID(),
            clientId: 'of any tenant',
            agentId: randomUUID(),
            replicaType: 'manual',
            poolId: poolIn(zone),
            instanceType: 'm5.large',
            region: 'us-east-1',
            az: `us-east-1${zone}`,
            status: 'failed',
            launchClaimedAt: ago(1),
            failureCause: 'capacity',
            createdAt: ago(60),
            ...facts,
          })
          .execute(),
    };
  }

  it('reads the pools of the type and region, in one call', async () => {
    const { instance, own, read } = await market();
    expect(await read('b')).toEqual({
      ...pool('us-east-1b', { price: 0.04 }),
      id: `${instance.facts.type}.us-east-1b`,
      name: `${instance.facts.type} (us-east-1b)`,
      instanceType: instance.facts.type,
    });
    const elsewhere = { ...own, instanceType: instance.facts.type, region: 'eu-west-1', primaryPool: null };
    expect(await readCandidates(rig.db, elsewhere, now)).toEqual([]);
    expect(await readCandidates(rig.db, { ...own, instanceType: null, region: null, primaryPool: null }, now)).toEqual(
      [],
    );
  });

  it('counts interruptions of the last 24 hours, at most one in ten minutes', async () => {
    const { read, interrupt } = await market();
    for (const minutes of [0, 23 * 60 + 1, 23 * 60 + 2, 24 * 60, 24 * 60 + 1, 48 * 60])
      await interrupt('b', ago(minutes));
    expect(await read('b')).toMatchObject({ interruptions24h: 3, jointFailures: 0 });
    expect(await read('c')).toMatchObject({ interruptions24h: 0 });
  });

  it('counts joint failures of 30 days: interruptions in the same or next ten minutes as the primary’s', async () => {
    const { read, interrupt } = await market();
    const day = 24 * 60;
    await interrupt('a', ago(day));
    await interrupt('b', ago(day + 10));
    await interrupt('c', ago(day - 20));
    await interrupt('a', ago(31 * day));
    await interrupt('b', ago(31 * day));
    expect([(await read('b'))?.jointFailures, (await read('c'))?.jointFailures]).toEqual([1, 0]);
  });

  it('counts launches of the last 24 hours that were tried and failed', async () => {
    const { read, launch } = await market();
    await launch('b', { failedAt: ago(3) });
    await launch('b', { failedAt: ago(50), instanceId: 'i-tried', launchClaimedAt: null });
    await launch('b', { failedAt: ago(24 * 60 + 1) });
    await launch('b', { failedAt: ago(1), launchClaimedAt: null }); // nobody tried
    await launch('b', { status: 'terminated' });
    await launch('c', { failedAt: ago(25 * 60) });
    expect(await read('b')).toMatchObject({ failures24h: 2, lastFailureAt: ago(3) });
    expect(await read('c')).toMatchObject({ failures24h: 0, lastFailureAt: null });
  });

  it('counts capacity failures for all, other causes for their tenant, and own failures for the agent', async () => {
    const { own, read, launch } = await market();
    await launch('b', { failedAt: ago(9), failureCause: 'permission' });
    await launch('b', { failedAt: ago(8), failureCause: 'quota' });
    await launch('b', { failedAt: ago(7), failureCause: null });
    expect(await read('b')).toMatchObject({ failures24h: 0, lastFailureAt: null, ownFailures24h: 0 });
    await launch('b', { failedAt: ago(6), failureCause: 'permission', clientId: own.clientId });
    await launch('b', { failedAt: ago(5), failureCause: 'other', ...own });
    await launch('b', { failedAt: ago(4) });
    expect(await read('b')).toMatchObject({
      failures24h: 3,
      lastFailureAt: ago(4),
      ownFailures24h: 1,
      lastOwnFailureAt: ago(5),
    });
  });
});
