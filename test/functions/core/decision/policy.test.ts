import { describe, expect, it } from 'vitest';
import {
  type DecisionInput,
  type Move,
  type PoolState,
  poolRisk,
} from '../../../../functions/core/decision/decision-input.ts';
import { firstClosedGate, type GateName, gateNames } from '../../../../functions/core/decision/gates.ts';
import { decide, safeDefault } from '../../../../functions/core/decision/policy.ts';
import fc from '../../../support/fast-check.ts';
import { movableAgent, usualConfig } from '../../../support/scenes/decision-input.ts';

const now = new Date('2026-03-02T12:00:00Z');
const ago = (ms: number) => new Date(now.getTime() - ms);
const minutes = 60_000;
const hours = 60 * minutes;

type Agent = DecisionInput['agent'];
type Prices = DecisionInput['prices'];
type Config = DecisionInput['config'];

const pool = (over: Partial<PoolState> = {}): PoolState => ({
  id: 'm5.large.us-east-1b',
  price: 0.04,
  at: now,
  interruptions30d: 0,
  availability: 'unknown',
  hazard: null,
  ...over,
});

/** An on-demand agent that may move to the only pool: every gate is open. */
const open = (
  agent: Partial<Agent> = {},
  prices: Partial<Prices> = {},
  config: Partial<Config> = {},
): DecisionInput => ({
  agent: { ...movableAgent, ...agent },
  prices: { onDemand: 0.1, currentSpot: null, pools: [pool()], ...prices },
  config: { ...usualConfig, ...config },
  service: null,
  job: null,
});

const onSpot = (currentSpot: number | null, prices: Partial<Prices> = {}, agent: Partial<Agent> = {}) =>
  open({ mode: 'spot', poolId: 'm5.large.us-east-1a', ...agent }, { currentSpot, ...prices });

describe('rules', () => {
  it.each([
    ['an unknown on-demand price', open({}, { onDemand: null }), 'stay', 0, 0.5],
    ['an on-demand price of nothing', open({}, { onDemand: 0 }), 'stay', 0, 0.5],
    ['spot just at 80 % of on-demand', onSpot(0.08, { pools: [] }), 'stay', 0.3, 0.6],
    ['spot just above 80 % of on-demand', onSpot(0.0801, { pools: [] }), 'switch_ondemand', 0.6, 0.7],
    ['on-demand, however dear spot is', open({}, { pools: [pool({ price: 0.09 })] }), 'stay', 0.3, 0.6],
    ['a saving of 30 %', open({}, { pools: [pool({ price: 0.07 })] }), 'stay', 0.3, 0.6],
    ['a saving just above 30 %', open({}, { pools: [pool({ price: 0.0699 })] }), 'switch_spot', 0.2, 0.8],
    ['no pool', open({}, { pools: [] }), 'stay', 0.3, 0.6],
    ['another pool 15 % cheaper', onSpot(0.04, { pools: [pool({ price: 0.034 })] }), 'switch_spot', 0.2, 0.8],
    ['another pool 14.9 % cheaper', onSpot(0.04, { pools: [pool({ price: 0.03404 })] }), 'stay', 0.3, 0.6],
    ['a spot price that is not known', onSpot(null), 'stay', 0.3, 0.6],
  ] as const)('for %s say %s', (_, input, action, risk, confidence) => {
    expect(decide(input, now)).toMatchObject({ action, risk, confidence });
  });

  it('say which price is missing, rather than that nothing is cheap enough', () => {
    expect(decide(onSpot(null), now).reason).toBe('The price of m5.large.us-east-1a is not known');
    expect(decide(onSpot(null, {}, { poolId: null }), now).reason).toBe('The agent’s Spot pool is not known');
    expect(decide(onSpot(0.04, { pools: [] }), now).reason).toBe(
      'No pool of acceptable risk saves at least 15 % of what the agent costs now',
    );
  });

  it('never propose the pool that the agent is in', () => {
    expect(decide(onSpot(0.06, { pools: [pool({ id: 'm5.large.us-east-1a', price: 0.01 })] }), now).action).toBe(
      'stay',
    );
  });

  it('take the cheapest of several pools, and always the same one of equals', () => {
    const pools = ['c', 'b', 'a', 'd'].map((id, i) => pool({ id, price: i === 3 ? 0.05 : 0.04 }));
    expect(decide(open({}, { pools }), now).poolId).toBe('a');
    expect(decide(open({}, { pools: pools.toReversed() }), now).poolId).toBe('a');
  });

  it('take the pool that EC2 scores highest of equally cheap ones, and never a dearer one', () => {
    const pools = [2, undefined, 9, 10].map((placementScore, i) =>
      pool({ id: 'abcd'[i]!, price: i === 3 ? 0.05 : 0.04, ...(placementScore && { placementScore }) }),
    );
    expect(decide(open({}, { pools }), now).poolId).toBe('c');
    expect(decide(open({}, { pools: pools.toReversed() }), now).poolId).toBe('c');
  });

  it('prefer a fresh price to a cheaper old one', () => {
    const pools = [pool({ id: 'old', price: 0.01, at: ago(16 * minutes) }), pool({ id: 'new' })];
    expect(decide(open({}, { pools }), now)).toMatchObject({ poolId: 'new', allowed: true });
  });

  it.each([
    ['below 20 %', 5, 0.06, 'switch_spot'],
    ['of 20 % with a saving of less than half', 6, 0.06, 'stay'],
    ['of 20 % with a saving of more than half', 6, 0.0499, 'switch_spot'],
    ['of 50 % with a saving of more than half', 15, 0.0499, 'switch_spot'],
    ['above 50 %, however cheap', 16, 0.001, 'stay'],
  ])('go by the risk of the pool: %s', (_, interruptions30d, price, action) => {
    expect(decide(open({}, { pools: [pool({ interruptions30d, price })] }), now).action).toBe(action);
  });

  it('count a pool’s risk as its interrupted days of thirty, at most 1', () => {
    expect([0, 9, 30, 400].map((interruptions30d) => poolRisk({ interruptions30d }))).toEqual([0, 0.3, 1, 1]);
  });

  it('say what an hour saves, and what safety costs', () => {
    expect(decide(open(), now).savingsPerHour).toBeCloseTo(0.06);
    expect(decide(onSpot(0.09, { pools: [] }), now).savingsPerHour).toBeCloseTo(-0.01);
  });
});

type Boundary = readonly [gate: GateName, what: string, justOpen: DecisionInput, justClosed: DecisionInput];

const windowUntil = (to: string) => ({ timeZone: 'UTC', windows: [{ days: ['mon' as const], from: '11:00', to }] });

/** Each gate just open and just closed (protocol 9.7). A limit given as `≥` or `≤` is inclusive. */
const boundaries: readonly Boundary[] = [
  ['disabled', 'the agent is enabled', open(), open({ enabled: false })],
  ...(['offline', 'disabled', 'switching', 'error', 'deleted'] as const).map(
    (status) => ['not_online', `it is online, not ${status}`, open(), open({ status })] as const,
  ),
  ['auto_switch_off', 'auto-switch is on', open(), open({ autoSwitchEnabled: false })],
  ['no_primary', 'its instance is known', open(), open({ instanceId: null })],
  [
    'savings',
    'the saving is 60 % of 60',
    open({}, {}, { minSavingsPercent: 60 }),
    open({}, {}, { minSavingsPercent: 60.01 }),
  ],
  [
    'disruption_window',
    'its window closes in a minute',
    open({}, {}, { disruptionWindows: windowUntil('12:01') }),
    open({}, {}, { disruptionWindows: windowUntil('12:00') }),
  ],
  ['risk', 'the risk is 0.30', withPool({ interruptions30d: 9 }), withPool({ interruptions30d: 10 })],
  ['weekly_limit', 'nine switches in a week', open({ switches7d: 9 }), open({ switches7d: 10 })],
  ['daily_limit', 'two switches in a day', open({ switches24h: 2 }), open({ switches24h: 3 })],
  [
    'pool_duration',
    'the last switch is two hours ago',
    open({ lastSwitchAt: ago(2 * hours) }),
    open({ lastSwitchAt: ago(2 * hours - 1) }),
  ],
  [
    'stale_prices',
    'the price is 15 min old',
    withPool({ at: ago(15 * minutes) }),
    withPool({ at: ago(15 * minutes + 1) }),
  ],
  ['open_command', 'no switch is under way', open(), open({ hasOpenCommand: true })],
  [
    'recent_emergency',
    'the last signal is two hours ago',
    open({ lastEmergencyAt: ago(2 * hours) }),
    open({ lastEmergencyAt: ago(2 * hours - 1) }),
  ],
  ['emergency_replica', 'there is no emergency replica', open(), open({ hasEmergencyReplica: true })],
  [
    'recent_failure',
    'the last switch failed half an hour ago',
    open({ lastFailedSwitchAt: ago(30 * minutes) }),
    open({ lastFailedSwitchAt: ago(30 * minutes - 1) }),
  ],
];

function withPool(over: Partial<PoolState>) {
  return open({}, { pools: [pool({ price: 0.03, ...over })] });
}

describe('gates at their boundaries', () => {
  it.each(boundaries)('%s: open where %s', (_gate, _what, justOpen) => {
    expect(decide(justOpen, now)).toMatchObject({ action: 'switch_spot', allowed: true, failedGate: null });
  });

  it.each(boundaries)('%s: closed just beyond where %s, and named', (gate, _what, _justOpen, justClosed) => {
    const { action, allowed, failedGate, reason } = decide(justClosed, now);
    expect({ action, allowed, failedGate }).toEqual({ action: 'switch_spot', allowed: false, failedGate: gate });
    expect(reason).not.toBe(decide(open(), now).reason);
  });

  it('are all tested, in this table or below', () => {
    const tested = new Set<GateName>([...boundaries.map(([gate]) => gate), 'no_action', 'same_target']);
    expect(gateNames.filter((gate) => !tested.has(gate))).toEqual([]);
  });

  it('no_action: "stay" is never allowed, and its reason is the rule’s', () => {
    expect(decide(open({}, { pools: [] }), now)).toMatchObject({
      allowed: false,
      failedGate: 'no_action',
      reason: 'No pool of acceptable risk saves more than 30 % of what the agent costs now',
    });
  });

  it('same_target: the agent is there already', () => {
    const move = { ...moveToPool, poolId: 'm5.large.us-east-1a' };
    const pools = [pool({ id: move.poolId })];
    expect(firstClosedGate(onSpot(0.1, { pools }), move, now)?.name).toBe('same_target');
    expect(firstClosedGate(onSpot(0.1, { pools }, { poolId: 'm5.large.us-east-1c' }), move, now)).toBeUndefined();
  });
});

const moveToPool: Move = {
  action: 'switch_spot',
  mode: 'spot',
  poolId: 'm5.large.us-east-1b',
  risk: 0.2,
  savingsPerHour: 0.06,
};

describe('a move to on-demand', () => {
  const dear = onSpot(0.095, { pools: [] });

  it('for risk is held back neither by savings nor by the risk that it escapes', () => {
    expect(decide(dear, now)).toMatchObject({ action: 'switch_ondemand', risk: 0.6, allowed: true });
  });

  it.each([
    ['disabled', { enabled: false }],
    ['daily_limit', { switches24h: 3 }],
    ['pool_duration', { lastSwitchAt: ago(hours) }],
    ['open_command', { hasOpenCommand: true }],
    ['recent_emergency', { lastEmergencyAt: ago(hours) }],
  ] as const)('is held back by every other gate: %s', (failedGate, agent) => {
    expect(decide({ ...dear, agent: { ...dear.agent, ...agent } }, now)).toMatchObject({ allowed: false, failedGate });
  });
});

describe('the order of gates', () => {
  const closing: [GateName, (input: DecisionInput, move: Move) => [DecisionInput, Move]][] = [
    ['disabled', (input, move) => [change(input, { enabled: false }), move]],
    ['not_online', (input, move) => [change(input, { status: 'offline' }), move]],
    ['auto_switch_off', (input, move) => [change(input, { autoSwitchEnabled: false }), move]],
    ['no_primary', (input, move) => [change(input, { instanceId: null }), move]],
    [
      'disruption_window',
      (input, move) => [{ ...input, config: { ...input.config, disruptionWindows: windowUntil('11:30') } }, move],
    ],
    ['savings', (input, move) => [input, { ...move, savingsPerHour: 0.001 }]],
    ['risk', (input, move) => [input, { ...move, risk: 0.31 }]],
    ['weekly_limit', (input, move) => [change(input, { switches7d: 10 }), move]],
    ['daily_limit', (input, move) => [change(input, { switches24h: 3 }), move]],
    ['pool_duration', (input, move) => [change(input, { lastSwitchAt: now }), move]],
    ['stale_prices', (input, move) => [{ ...input, prices: { ...input.prices, pools: [] } }, move]],
    ['same_target', (input, move) => [change(input, { mode: 'spot', poolId: move.poolId }), move]],
    ['open_command', (input, move) => [change(input, { hasOpenCommand: true }), move]],
    ['recent_emergency', (input, move) => [change(input, { lastEmergencyAt: now }), move]],
    ['emergency_replica', (input, move) => [change(input, { hasEmergencyReplica: true }), move]],
    ['recent_failure', (input, move) => [change(input, { lastFailedSwitchAt: now }), move]],
  ];
  const change = (input: DecisionInput, agent: Partial<Agent>) => ({ ...input, agent: { ...input.agent, ...agent } });

  it('is that of the table: the first of the closed gates is named', () => {
    const named = closing.map((_, first) => {
      const [input, move] = closing
        .slice(first)
        .reduce<[DecisionInput, Move]>(
          ([i, m], [, close]) => close(i, m),
          [open({}, { currentSpot: 0.1 }), moveToPool],
        );
      return firstClosedGate(input, move, now)?.name;
    });
    expect(named).toEqual(closing.map(([gate]) => gate));
  });
});

describe('the safe default', () => {
  it.each([
    ['spot', 'm5.large.us-east-1a', 'spot'],
    ['ondemand', null, 'ondemand'],
    ['unknown', null, 'ondemand'],
  ] as const)('of an agent on %s changes nothing, and says why', (mode, poolId, stays) => {
    expect(safeDefault(open({ mode, poolId }), 'no engine')).toEqual({
      action: 'stay',
      mode: stays,
      poolId,
      risk: 0,
      savingsPerHour: 0,
      confidence: 0,
      allowed: false,
      failedGate: 'no_action',
      reason: 'Decision engine unavailable: no engine',
      policy: 'rules-2',
      terms: null,
    });
  });
});

describe('for any input', () => {
  const time = fc.integer({ min: 0, max: 4 * hours }).map(ago);
  const price = fc.oneof(fc.double({ min: 0.0001, max: 100, noNaN: true }), fc.constantFrom(0.03, 0.05, 0.07, 0.1));
  const ids = ['a', 'b', 'c'];
  const input: fc.Arbitrary<DecisionInput> = fc.record({
    agent: fc.record({
      instanceId: fc.option(fc.constant('i-1')),
      status: fc.constantFrom('online', 'offline', 'disabled', 'switching', 'error', 'deleted'),
      enabled: fc.boolean(),
      autoSwitchEnabled: fc.boolean(),
      mode: fc.constantFrom('spot', 'ondemand', 'unknown'),
      poolId: fc.option(fc.constantFrom(...ids)),
      lastSwitchAt: fc.option(time),
      switches24h: fc.nat(4),
      switches7d: fc.nat(12),
      hasOpenCommand: fc.boolean(),
      lastEmergencyAt: fc.option(time),
      hasEmergencyReplica: fc.boolean(),
      lastFailedSwitchAt: fc.option(time),
    }),
    prices: fc.record({
      onDemand: fc.option(fc.oneof(price, fc.constant(0))),
      currentSpot: fc.option(price),
      pools: fc.uniqueArray(
        fc.record({
          id: fc.constantFrom(...ids),
          price,
          at: time,
          interruptions30d: fc.nat(40),
          availability: fc.constant('unknown' as const),
          hazard: fc.constant(null),
        }),
        {
          selector: (p) => p.id,
        },
      ),
    }),
    config: fc.record({
      minSavingsPercent: fc.double({ min: 0, max: 100, noNaN: true }),
      riskThreshold: fc.double({ min: 0, max: 1, noNaN: true }),
      maxSwitchesPerWeek: fc.nat(12),
      maxSwitchesPerDay: fc.nat(4),
      minPoolDurationHours: fc.nat(4),
      limitsHold: fc.constant(true),
      disruptionWindows: fc.constant(null),
    }),
    service: fc.constant(null),
    job: fc.constant(null),
  });
  const holds = (check: (input: DecisionInput) => void): void =>
    void fc.assert(fc.property(input, check), { numRuns: 2000 });

  it('a decision depends on its input alone, and leaves it unchanged', () => {
    holds((input) => {
      const before = JSON.stringify(input);
      const first = decide(frozen(input), now);
      expect(decide(structuredClone(input), new Date(now))).toEqual(first);
      expect(JSON.stringify(input)).toBe(before);
    });
  });

  it('a move to spot names a pool that is known and is not the agent’s; one to on-demand names none', () => {
    holds((input) => {
      const { action, mode, poolId } = decide(input, now);
      if (action === 'switch_spot') {
        expect(mode).toBe('spot');
        expect(input.prices.pools.map((p) => p.id)).toContain(poolId);
        expect(poolId).not.toBe(input.agent.poolId);
      }
      if (action === 'switch_ondemand') expect({ mode, poolId }).toEqual({ mode: 'ondemand', poolId: null });
    });
  });

  it('nothing is allowed with a gate closed, and a closed gate is named', () => {
    holds((input) => {
      const decision = decide(input, now);
      expect(decision.allowed).toBe(firstClosedGate(input, decision, now) === undefined);
      expect(decision.allowed).toBe(decision.failedGate === null);
      const { agent, config } = input;
      if (!decision.allowed) return;
      expect(decision.action).not.toBe('stay');
      expect([agent.enabled, agent.status, agent.autoSwitchEnabled]).toEqual([true, 'online', true]);
      expect([agent.hasOpenCommand, agent.hasEmergencyReplica]).toEqual([false, false]);
      expect(agent.switches24h).toBeLessThan(config.maxSwitchesPerDay);
      expect(agent.switches7d).toBeLessThan(config.maxSwitchesPerWeek);
      if (decision.action === 'switch_spot') expect(decision.risk).toBeLessThanOrEqual(config.riskThreshold + 1e-6);
    });
  });

  it('risk and confidence are between 0 and 1, and a reason is given', () => {
    holds((input) => {
      const { risk, confidence, reason, savingsPerHour } = decide(input, now);
      for (const share of [risk, confidence]) expect(share >= 0 && share <= 1).toBe(true);
      expect(Number.isFinite(savingsPerHour)).toBe(true);
      expect(reason).toBeTruthy();
    });
  });
});

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
}
