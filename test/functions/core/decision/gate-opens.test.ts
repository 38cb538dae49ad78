import { describe, expect, it } from 'vitest';
import type { DecisionInput, Move } from '../../../../functions/core/decision/decision-input.ts';
import { firstClosedGate, type GateName, gateNames, opensAt } from '../../../../functions/core/decision/gates.ts';
import { movableAgent, usualConfig } from '../../../support/scenes/decision-input.ts';

const now = new Date('2026-03-02T12:00:00Z');
const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);

const move: Move = { action: 'switch_ondemand', mode: 'ondemand', poolId: null, risk: 0, savingsPerHour: 1 };
const input = (
  agent: Partial<DecisionInput['agent']>,
  config: Partial<DecisionInput['config']> = {},
): DecisionInput => ({
  agent: { ...movableAgent, mode: 'spot', poolId: 'a', ...agent },
  config: { ...usualConfig, ...config },
  prices: { onDemand: 1, currentSpot: 0.9, pools: [] },
  service: null,
  job: null,
});

const nights = {
  timeZone: 'Europe/Berlin',
  windows: [{ days: ['mon', 'tue'] as const, from: '22:30', to: '04:00' }],
};
const closed: Partial<Record<GateName, [DecisionInput, opens: string]>> = {
  disruption_window: [input({}, { disruptionWindows: nights }), '2026-03-02T21:30:00Z'],
  pool_duration: [input({ lastSwitchAt: ago(30) }), '2026-03-02T13:30:00Z'],
  recent_emergency: [input({ lastEmergencyAt: ago(90) }), '2026-03-02T12:30:00Z'],
  recent_failure: [input({ lastFailedSwitchAt: ago(10) }), '2026-03-02T12:20:00Z'],
};

describe('a gate that waits', () => {
  it.each(Object.entries(closed))('says when it opens: %s', (gate, [given, opens]) => {
    const at = opensAt(gate as GateName, given, now)!;
    expect(at).toEqual(new Date(opens));
    expect(firstClosedGate(given, move, new Date(at.getTime() - 1))?.name).toBe(gate);
    expect(firstClosedGate(given, move, at)).toBeUndefined();
  });

  it('is the only kind that says so', () => {
    for (const gate of [null, ...gateNames])
      if (gate === null || !closed[gate]) expect(opensAt(gate, input({}), now)).toBeUndefined();
    expect(
      opensAt('disruption_window', input({}, { disruptionWindows: { ...nights, windows: [] } }), now),
    ).toBeUndefined();
  });
});
