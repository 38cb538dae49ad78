import { describe, expect, it } from 'vitest';
import type { DecisionInput, PoolState, ServiceFacts } from '../../../../functions/core/decision/decision-input.ts';
import { decide } from '../../../../functions/core/decision/policy.ts';
import { policyAConfig } from '../../../../functions/core/decision/policy-a/config.ts';
import { chooseMove } from '../../../../functions/core/decision/policy-a/policy.ts';
import { ratePools } from '../../../../functions/core/decision/policy-a/score.ts';
import type { Terms } from '../../../../functions/core/decision/recommend-service.ts';
import { defaultTiming, timingOf } from '../../../../functions/core/decision/timing.ts';
import { weekStartOf } from '../../../../functions/shared/time.ts';
import { movableAgent, usualConfig } from '../../../support/scenes/decision-input.ts';

const now = new Date('2026-03-04T12:00:00Z');
const seconds = now.getTime() / 1000;
const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);

const pool = (zone: string, over: Partial<PoolState> = {}): PoolState => ({
  id: `p.us-east-1${zone}`,
  price: 0.3,
  at: now,
  interruptions30d: 40,
  availability: 'up',
  hazard: 0.05,
  ...over,
});
const service = (over: Partial<ServiceFacts> = {}): ServiceFacts => ({
  slo: { availability: 0.9995, over: 'week' },
  weekStart: weekStartOf(now).getTime() / 1000,
  downtime: [],
  pacing: null,
  observedShare: 1,
  timing: defaultTiming,
  model: 'fitted@0',
  degraded: false,
  ...over,
});
const input = (
  agent: Partial<DecisionInput['agent']> = {},
  pools: PoolState[] = [pool('a'), pool('b', { hazard: 0.5 })],
  facts: Partial<ServiceFacts> = {},
  config: Partial<DecisionInput['config']> = {},
): DecisionInput => ({
  agent: { ...movableAgent, lastSwitchAt: ago(1), switches24h: 50, switches7d: 200, ...agent },
  prices: { onDemand: 1, currentSpot: agent.mode === 'spot' ? 0.3 : null, pools },
  config: { ...usualConfig, limitsHold: false, ...config },
  service: service(facts),
  job: null,
});

describe('an agent with a target', () => {
  it('is decided on by the same functions that the evaluation scores', () => {
    for (const spent of [0, 100, 200, 300, 400]) {
      const downtime = [{ at: seconds - 3600, seconds: spent }];
      const given = input({}, undefined, { downtime });
      const { slo, weekStart, timing } = given.service!;
      const rated = ratePools(
        given.prices.pools,
        given.prices.pools.map(({ hazard }) => hazard!),
        1,
        timing,
      );
      const commitment = { slo, weekStart, downtime, shadows: null };
      const base = { now: seconds, onDemandPrice: 1, pools: rated, timing, commitment };
      const [expected = null] = chooseMove({ ...base, current: null }, policyAConfig);
      expect(decide(given, now)).toMatchObject({ policy: 'policy-a-4', poolId: expected });
    }
  });

  it('moves to the pool that is worth most, whatever its limits and switch counts say', () => {
    expect(decide(input(), now)).toMatchObject({ action: 'switch_spot', poolId: 'p.us-east-1a', allowed: true });
  });

  it('is held back by its limits once somebody has set one', () => {
    expect(decide(input({}, undefined, {}, { limitsHold: true }), now)).toMatchObject({ failedGate: 'weekly_limit' });
  });

  it('that fled to on-demand comes back at once; one on Spot waits two hours after a signal', () => {
    const lastEmergencyAt = ago(1);
    expect(decide(input({ lastEmergencyAt }), now)).toMatchObject({ action: 'switch_spot', allowed: true });
    const cheaper = [pool('a'), pool('b', { price: 0.1 })];
    const onSpot = input({ mode: 'spot', poolId: 'p.us-east-1a', lastEmergencyAt }, cheaper);
    expect(decide(onSpot, now)).toMatchObject({ action: 'switch_spot', failedGate: 'recent_emergency' });
  });

  it('stays once its budget is spent, and says how much of it', () => {
    const decision = decide(input({}, undefined, { downtime: [{ at: seconds - 60, seconds: 300 }] }), now);
    expect(decision).toMatchObject({ action: 'stay', allowed: false, failedGate: 'no_action' });
    expect(decision.reason).toBe('300 s of the downtime budget of 302 s are spent, and a move may take 10 s');
    expect(decision.terms).toMatchObject({ spent_seconds: 300, entry_seconds: 10, pacing: 'blind' });
  });

  it('may spend again when the next week begins, or in the rolling form a week after it spent', () => {
    const spentAt = (days: number) => [{ at: seconds - days * 86_400, seconds: 300 }];
    expect(decide(input({}, undefined, { downtime: spentAt(3) }), now).action).toBe('switch_spot'); // last Sunday
    const rolling = { slo: { availability: 0.9995, over: 'rolling' } } as const;
    expect(decide(input({}, undefined, { ...rolling, downtime: spentAt(3) }), now).action).toBe('stay');
    expect(decide(input({}, undefined, { ...rolling, downtime: spentAt(8) }), now).action).toBe('switch_spot');
  });

  it('enters no pool that is known to be down, nor one whose price is old', () => {
    const down = [pool('a', { availability: 'down' }), pool('b', { at: ago(16) })];
    expect(decide(input({}, down), now)).toMatchObject({
      action: 'stay',
      reason: 'No pool that may have capacity is cheaper than on-demand',
    });
    expect(decide(input({}, [pool('a', { availability: 'unknown' })]), now).action).toBe('switch_spot');
  });

  it('never leaves its pool because of the hazard, but does if it costs more than on-demand', () => {
    const risky = [pool('a', { hazard: 5 }), pool('b', { hazard: 0.01 })];
    expect(decide(input({ mode: 'spot', poolId: 'p.us-east-1a' }, risky), now).action).toBe('stay');
    const given = input({ mode: 'spot', poolId: 'p.us-east-1a' }, [pool('a', { price: 1.2 })]);
    const dear = { ...given, prices: { ...given.prices, currentSpot: 1.2 } };
    expect(decide(dear, now)).toMatchObject({ action: 'switch_ondemand', allowed: true });
  });

  it('stays in a pool whose price is not known', () => {
    expect(decide(input({ mode: 'spot', poolId: 'p.us-east-1z' }), now)).toMatchObject({
      action: 'stay',
      reason: 'The price of p.us-east-1z is not known',
    });
  });

  it('has weeks that begin on Monday, UTC', () => {
    const starts = ['2026-03-02T00:00:00Z', '2026-03-04T12:00:00Z', '2026-03-08T23:59:59Z'].map((at) =>
      weekStartOf(new Date(at)).toISOString(),
    );
    expect(new Set(starts)).toEqual(new Set(['2026-03-02T00:00:00.000Z']));
    expect(weekStartOf(new Date('2026-03-09T00:00:00Z')).toISOString()).toBe('2026-03-09T00:00:00.000Z');
  });
});

describe('an agent with a target whose failovers take long', () => {
  const slow = timingOf([195, 195, 195]);

  it('expects that of its next stay, so it enters where the budget has room for it', () => {
    const spent = (seconds_: number, timing = slow) =>
      decide(
        input({}, [pool('a', { hazard: 0.01 })], { timing, downtime: [{ at: seconds - 3600, seconds: seconds_ }] }),
        now,
      );
    expect(spent(102).action).toBe('switch_spot');
    expect(spent(103)).toMatchObject({ action: 'stay', terms: { entry_seconds: 200 } });
    expect(spent(103, defaultTiming).action).toBe('switch_spot');
  });

  it('pays the same for downtime when blind, and enters fewer pools for it', () => {
    const at = (hazard: number, timing = slow) =>
      decide(input({}, [pool('a', { hazard })], { timing, observedShare: 0 }), now);
    expect((at(1).terms as Terms).downtime_price).toBe((at(1, defaultTiming).terms as Terms).downtime_price);
    expect([at(0.05).action, at(0.05, defaultTiming).action]).toEqual(['stay', 'switch_spot']);
  });
});

describe('an agent with a target whose tenant has a Savings Plan', () => {
  const under = (plan: number, given: DecisionInput): DecisionInput => ({
    ...given,
    prices: {
      ...given.prices,
      onDemand: plan,
      publicOnDemand: 1,
      pools: given.prices.pools.map((one) => ({ ...one, publicPrice: one.price })),
      overlays: ['plan'],
    },
  });
  const hazards = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 3, 5];
  const actions = (plan: number) =>
    hazards.map((hazard) => decide(under(plan, input({}, [pool('a', { hazard })])), now).action);

  it('enters the same pools as others do while Spot is cheaper, although each saves it less', () => {
    expect(new Set(actions(1))).toEqual(new Set(['stay', 'switch_spot']));
    for (const plan of [0.8, 0.6, 0.4]) expect(actions(plan)).toEqual(actions(1));
  });

  it('moves between Spot and on-demand only for a price that is lower by 2 %, in either direction', () => {
    expect(new Set(actions(0.3))).toEqual(new Set(['stay']));
    expect(new Set(actions(0.306))).toEqual(new Set(['stay']));
    expect(actions(0.307)).toContain('switch_spot');
    const onSpot = input({ mode: 'spot', poolId: 'p.us-east-1a' }, [pool('a')]);
    expect(decide(under(0.295, onSpot), now).action).toBe('stay');
    expect(decide(under(0.293, onSpot), now)).toMatchObject({ action: 'switch_ondemand', allowed: true });
  });

  it('pays no more for downtime than others do, however cheap its Spot is', () => {
    const dear = input({}, [pool('a', { price: 0.99 })]);
    const cheap = {
      ...under(1, dear),
      prices: { ...under(1, dear).prices, pools: [pool('a', { price: 0.1, publicPrice: 0.99 })] },
    };
    const priceOf = (given: DecisionInput) => (decide(given, now).terms as Terms).downtime_price;
    expect(priceOf(cheap)).toBe(priceOf(dear));
    expect(decide(cheap, now).action).toBe('switch_spot');
  });

  it('is decided on as if it had none when the plan costs what others pay', () => {
    const given = input();
    expect(decide(under(1, given), now)).toEqual(decide(given, now));
  });
});
