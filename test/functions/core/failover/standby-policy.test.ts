import { describe, expect, it } from 'vitest';
import {
  type Occasion,
  overdueOf,
  type Situation,
  type StandbyPlan,
  standbyPolicy,
} from '../../../../functions/core/failover/standby-policy.ts';
import fc from '../../../support/fast-check.ts';

const now = new Date('2026-03-02T12:00:00Z');
const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);

/** A Spot agent of version 4 with a primary and no standby, and no announcement from EC2. */
const agent = {
  enabled: true,
  status: 'online',
  agentVersion: '4.0.0',
  autoSwitchEnabled: true,
  manualReplicaEnabled: false,
  currentMode: 'spot',
  lastRebalanceRecommendationAt: null,
  lastSwitchAt: null,
  pendingTerminationAt: null,
  pendingTerminationInstance: null,
} as unknown as Situation['agent'];

interface Over extends Partial<Omit<Situation, 'agent'>> {
  readonly agent?: Partial<Situation['agent']>;
}

const situation = (over: Over = {}): Situation => ({
  occasion: 'review',
  primary: { id: 'i-1' },
  openSwitch: undefined,
  standbys: [],
  launches: { failures: 0, unheard: 0, lastFailureAt: null, lastEndedCreatedAt: null },
  ...over,
  agent: { ...agent, ...over.agent },
});

const manual = { manualReplicaEnabled: true, autoSwitchEnabled: false };
const recommended = { lastRebalanceRecommendationAt: ago(30) };
const taken = { pendingTerminationAt: ago(1), pendingTerminationInstance: 'i-1' };
const takenIn = (seconds: number) => ({ ...taken, pendingTerminationAt: ago(-seconds / 60) });
const version3 = { agentVersion: '3.2.0' };
const failed = (failures: number, minutes: number) => ({
  failures,
  unheard: 0,
  lastFailureAt: ago(minutes),
  lastEndedCreatedAt: null,
});

/** The plan in a few words. */
const plan = (over: Over) => {
  const wanted: StandbyPlan = standbyPolicy(situation(over), now);
  return wanted.do === 'launch' ? `${wanted.type}, else ${wanted.otherwise}` : wanted.do;
};

describe('when a standby is made', () => {
  it.each<[string, Over, string]>([
    ['nothing was announced and nobody asked', {}, 'nothing'],
    ['manual mode keeps one', { agent: manual }, 'manual, else nothing'],
    ['manual mode of an agent that is offline', { agent: { ...manual, status: 'offline' } }, 'nothing'],
    ['manual mode of an agent that is disabled', { agent: { ...manual, enabled: false } }, 'nothing'],
    ['manual mode of version 3', { agent: { ...manual, ...version3 } }, 'nothing'],
    ['manual mode without a primary', { agent: manual, primary: undefined }, 'nothing'],
    [
      'manual mode, one minute after a failed launch',
      { agent: manual, launches: failed(1, 1) },
      'manual, else nothing',
    ],
    ['manual mode, a moment sooner', { agent: manual, launches: failed(1, 0.99) }, 'nothing'],
    ['manual mode, 16 min after the fifth failure', { agent: manual, launches: failed(5, 16) }, 'manual, else nothing'],
    ['manual mode, 15 min after it', { agent: manual, launches: failed(5, 15) }, 'nothing'],
    [
      'manual mode, half an hour after any failure',
      { agent: manual, launches: failed(40, 30) },
      'manual, else nothing',
    ],
    ['a recommendation', { agent: recommended }, 'automatic-rebalance, else nothing'],
    ['a recommendation of two hours ago', { agent: { lastRebalanceRecommendationAt: ago(120) } }, 'nothing'],
    ['a recommendation, and moves are not wanted', { agent: { ...recommended, autoSwitchEnabled: false } }, 'nothing'],
    ['a recommendation to an agent on-demand', { agent: { ...recommended, currentMode: 'ondemand' } }, 'nothing'],
    ['a recommendation before the last move', { agent: { ...recommended, lastSwitchAt: ago(10) } }, 'nothing'],
    ['a recommendation, and a move is open', { agent: recommended, openSwitch: {} }, 'nothing'],
    [
      'a recommendation whose standby was let go',
      { agent: recommended, launches: { failures: 0, unheard: 0, lastFailureAt: null, lastEndedCreatedAt: ago(20) } },
      'nothing',
    ],
    ['EC2 takes the primary', { agent: taken }, 'automatic-termination, else go-on-demand'],
    [
      'EC2 takes the primary, whatever the settings',
      { agent: { ...taken, enabled: false, status: 'offline' } },
      'automatic-termination, else go-on-demand',
    ],
    ['EC2 takes the primary of version 3', { agent: { ...taken, ...version3 } }, 'go-on-demand'],
    ['EC2 takes the primary, and a switch is open', { agent: taken, openSwitch: {} }, 'nothing'],
    ['EC2 was to take it ten minutes ago', { agent: { ...taken, pendingTerminationAt: ago(10) } }, 'nothing'],
    ['EC2 took another instance', { agent: { ...taken, pendingTerminationInstance: 'i-2' } }, 'nothing'],
  ])('in a review: %s', (_, over, expected) => {
    expect(plan(over)).toBe(expected);
  });

  it.each<[Occasion, Over, string]>([
    ['termination-notice', {}, 'automatic-termination, else go-on-demand'],
    ['termination-notice', { agent: version3 }, 'go-on-demand'],
    ['termination-notice', { openSwitch: {} }, 'automatic-termination, else go-on-demand'],
    ['rebalance-recommendation', {}, 'automatic-rebalance, else nothing'],
    ['rebalance-recommendation', { agent: version3 }, 'nothing'],
    ['manual-mode-on', {}, 'manual, else nothing'],
    ['standby-lost', {}, 'nothing'],
    ['standby-lost', { agent: taken }, 'automatic-termination, else go-on-demand'],
    ['standby-lost', { agent: taken, openSwitch: {} }, 'nothing'],
    ['standby-lost', { agent: takenIn(60) }, 'automatic-termination, else go-on-demand'],
    ['standby-lost', { agent: takenIn(59) }, 'go-on-demand'],
    ['standby-lost', { agent: takenIn(59), openSwitch: {} }, 'nothing'],
    ['review', { agent: takenIn(59) }, 'go-on-demand'],
    ['review', { agent: takenIn(0) }, 'automatic-termination, else go-on-demand'],
  ])('on %s, %o: %s', (occasion, over, expected) => {
    expect(plan({ occasion, ...over })).toBe(expected);
  });

  const occasion = fc.constantFrom<Occasion>(
    'termination-notice',
    'rebalance-recommendation',
    'standby-lost',
    'manual-mode-on',
    'review',
  );
  const anyAgent = fc.record({
    enabled: fc.boolean(),
    status: fc.constantFrom('online' as const, 'offline' as const, 'switching' as const),
    agentVersion: fc.constantFrom('4.0.0', '3.2.0', null),
    autoSwitchEnabled: fc.boolean(),
    manualReplicaEnabled: fc.boolean(),
    lastRebalanceRecommendationAt: fc.constantFrom(null, ago(1), ago(200)),
    pendingTerminationAt: fc.constantFrom(null, ago(1), ago(20)),
    pendingTerminationInstance: fc.constantFrom(null, 'i-1'),
  });

  it('never beside an active one, and never for agents that cannot launch one', () => {
    void fc.assert(
      fc.property(occasion, anyAgent, fc.boolean(), (why, of, hasStandby) => {
        const wanted = standbyPolicy(situation({ occasion: why, agent: of, standbys: hasStandby ? [{}] : [] }), now);
        if (hasStandby) expect(wanted.do).toBe('nothing');
        if (of.agentVersion === '3.2.0') expect(wanted.do).not.toBe('launch');
        if (why === 'rebalance-recommendation') expect(wanted.do).not.toBe('go-on-demand');
      }),
    );
  });
});

describe('when a standby ends', () => {
  const standby = { instanceId: 'i-2', replicaType: 'manual', launchedAt: ago(59), createdAt: ago(60) };
  const automatic = { ...standby, replicaType: 'automatic-rebalance' };

  it.each([
    [
      'its launch came to nothing in 10 min',
      { ...standby, instanceId: null, createdAt: ago(10) },
      null,
      {},
      'not-launched',
    ],
    ['its launch has a moment left', { ...standby, instanceId: null, createdAt: ago(9.9) }, null, {}, undefined],
    ['it was heard of just now', standby, ago(0), {}, undefined],
    ['it has been silent for 10 min', standby, ago(10), {}, 'silent'],
    ['it was not heard of since its launch', standby, ago(59), {}, 'unheard'],
    ['it was never heard of', standby, null, {}, undefined],
    ['the alarm is 2 h old', { ...automatic, createdAt: ago(120) }, ago(0), {}, 'alarm-over'],
    ['the alarm is a little younger', { ...automatic, createdAt: ago(119) }, ago(0), {}, undefined],
    ['EC2 is taking the primary', { ...automatic, createdAt: ago(180) }, ago(0), taken, undefined],
    ['manual mode keeps it', { ...standby, createdAt: ago(600) }, ago(0), {}, undefined],
  ] as const)('%s', (_, of, lastSeenAt, over, expected) => {
    expect(overdueOf(of, { agent: { ...agent, ...over }, lastSeenAt }, now)).toBe(expected);
  });
});
