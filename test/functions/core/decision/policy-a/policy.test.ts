import { describe, expect, it } from 'vitest';
import { policyAConfig, week } from '../../../../../functions/core/decision/policy-a/config.ts';
import type { Downtime, RatedPool, Timing } from '../../../../../functions/core/decision/policy-a/input.ts';
import {
  type Commitment,
  chooseFailover,
  chooseMove,
  lambdaOf,
  type ServiceInput,
} from '../../../../../functions/core/decision/policy-a/policy.ts';
import { startShadows } from '../../../../../functions/core/decision/policy-a/shadows.ts';

const timing: Timing = { launch: 90, notice: 120, attempt: 5, plannedCutover: 5, failoverCutover: 5 };
const noHistory = {
  drops1h: 0,
  drops24h: 0,
  drops7d: 0,
  upHours24h: 24,
  upHours7d: 168,
  upHours: 24,
  previousUpHours: null,
  downHoursBefore: 0,
  unseenHours: 0,
};

const pool = (id: string, over: Partial<RatedPool> = {}): RatedPool => ({
  id,
  price: 0.3,
  availability: 'up',
  history: noHistory,
  hazard: 0.01,
  score: 70,
  ...over,
});

const now = 2 * week;
const committed = (downtime: readonly Downtime[] = [], over: Partial<Commitment> = {}): Commitment => ({
  slo: { availability: 0.9995, over: 'week' },
  weekStart: now,
  downtime,
  shadows: startShadows(0, policyAConfig.pacing),
  ...over,
});

const input = (over: Partial<ServiceInput>): ServiceInput => ({
  now: now + 3600,
  current: null,
  onDemandPrice: 1,
  pools: [],
  timing,
  commitment: committed(),
  ...over,
});
const move = (over: Partial<ServiceInput>) => chooseMove(input(over), policyAConfig);
const failover = (over: Partial<ServiceInput>) => chooseFailover(input(over), policyAConfig);

describe('policy A, on-demand', () => {
  it('moves to the pools that are worth their downtime, the best first', () => {
    const pools = [pool('a', { score: 0.001 }), pool('b', { score: 40 }), pool('c', { score: 70 })];
    expect(move({ pools })).toEqual(['c', 'b']);
  });

  it('tries pools of unknown availability, but none that is down or dearer than on-demand', () => {
    const pools = [
      pool('down', { availability: 'down', score: -Infinity }),
      pool('dear', { price: 1.2 }),
      pool('unseen', { availability: 'unknown' }),
    ];
    expect(move({ pools })).toEqual(['unseen']);
  });

  it('stays when the budget has no room for a cutover and the interruption after it', () => {
    const pools = [pool('a')];
    // The budget is 302.4 s a week; an entry takes 10 s of it.
    const spent = (seconds: number) => committed([{ at: now, seconds }], { shadows: null });
    expect(move({ pools, commitment: spent(292) })).toEqual(['a']);
    expect(move({ pools, commitment: spent(293) })).toEqual([]);
  });

  it('ignores downtime of the week before, but counts it for seven days in the rolling form', () => {
    const pools = [pool('a')];
    const before = [{ at: now - 3600, seconds: 300 }];
    expect(move({ pools, commitment: committed(before) })).toEqual(['a']);
    const rolling = committed(before, { slo: { availability: 0.9995, over: 'rolling' } });
    expect(move({ pools, commitment: rolling })).toEqual([]);
    expect(move({ pools, commitment: rolling, now: now - 3600 + week })).toEqual(['a']);
  });
});

describe('policy A, on Spot', () => {
  it('does not move because of a hazard', () => {
    const pools = [pool('here', { hazard: 5, score: 0.01 }), pool('safe')];
    expect(move({ current: 'here', pools })).toEqual([]);
  });

  it('moves for a price low enough to pay for the launch and the downtime', () => {
    const stay = { price: 0.5, hazard: 0.0001 };
    const pools = (price: number) => [pool('here', stay), pool('there', { price, hazard: 0.0001 })];
    expect(move({ current: 'here', pools: pools(0.3) })).toEqual(['there']);
    expect(move({ current: 'here', pools: pools(0.495) })).toEqual([]);
  });

  it('does not move to a cheaper pool where it would be lost much sooner', () => {
    const pools = [pool('here', { price: 0.5, hazard: 0.0001 }), pool('there', { price: 0.45, hazard: 3 })];
    expect(move({ current: 'here', pools })).toEqual([]);
    expect(move({ current: 'here', pools, commitment: null })).toEqual([]);
  });
});

describe('policy A, at a notice', () => {
  it('names pools that are worth enough, the best first, and not the one that is lost', () => {
    const pools = [pool('here'), pool('a', { score: 30 }), pool('b', { score: 60 }), pool('bad', { score: 0.001 })];
    expect(failover({ current: 'here', pools })).toEqual(['b', 'a']);
  });

  it('names pools worth half an interruption; to leave on-demand, one must be worth it all and a cutover', () => {
    // Nothing was seen yet, so the prior sets the price: an interruption is worth this many on-demand hours.
    const worth = (lambdaOf(input({}), committed(), policyAConfig) * 5) / 3600;
    const pools = (share: number) => [pool('here'), pool('a', { score: share * worth })];
    expect(failover({ current: 'here', pools: pools(0.51) })).toEqual(['a']);
    expect(failover({ current: 'here', pools: pools(0.49) })).toEqual([]);
    const [, a] = pools(1.99);
    expect(move({ pools: [a!] })).toEqual([]);
    expect(move({ pools: [pools(2.01)[1]!] })).toEqual(['a']);
  });

  it('goes on-demand when the budget has no room for two interruptions', () => {
    const pools = [pool('here'), pool('a')];
    const spent = (seconds: number) => committed([{ at: now, seconds }], { shadows: null });
    expect(failover({ current: 'here', pools, commitment: spent(292) })).toEqual(['a']);
    expect(failover({ current: 'here', pools, commitment: spent(293) })).toEqual([]);
  });

  it('without an SLO tries all that are cheaper than on-demand, the cheapest first', () => {
    const pools = [
      pool('here'),
      pool('down', { availability: 'down', price: 0.2 }),
      pool('a', { price: 0.4 }),
      pool('dear', { price: 2 }),
    ];
    expect(failover({ current: 'here', pools, commitment: null })).toEqual(['down', 'a']);
  });
});

it('a current pool that is not in the group is an error of the caller', () => {
  expect(() => move({ current: 'elsewhere', pools: [pool('a')] })).toThrow(RangeError);
});
