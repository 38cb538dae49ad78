import { describe, expect, it } from 'vitest';
import {
  type LeavingInstance,
  type LeavingInstances,
  maxAttempts,
  terminationPolicy,
} from '../../../../functions/core/termination/policy.ts';

const now = new Date('2026-03-02T10:00:00.000Z');
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);

const zombie = (since: Date | null, more: Partial<LeavingInstance> = {}): LeavingInstance => ({
  id: 'old',
  status: 'zombie',
  since,
  attempts: 0,
  attemptedAt: null,
  ...more,
});
const letGo = (since: Date) => zombie(since, { status: 'terminated' });
const agent: LeavingInstances['agent'] = {
  isAutoTerminate: true,
  waitSeconds: 300,
  primaryId: 'primary',
  isPrimaryHeard: true,
};

/** The callers that are asked to terminate something. */
const asked = (instances: readonly LeavingInstance[], settings: Partial<LeavingInstances['agent']> = {}) => {
  const leaving = { agent: { ...agent, ...settings }, instances };
  return (['old', 'primary', 'another'] as const).filter(
    (caller) => terminationPolicy(leaving, caller, now).length > 0,
  );
};

describe('terminationPolicy', () => {
  it.each<[string, LeavingInstance, string[]]>([
    ['a zombie whose wait is not over', zombie(ago(299)), []],
    ['a zombie whose wait is over: of itself', zombie(ago(300)), ['old']],
    ['a zombie just before two minutes more', zombie(ago(419)), ['old']],
    ['a zombie two minutes later: of the primary too', zombie(ago(420)), ['old', 'primary']],
    ['a standby that was let go: of both at once', letGo(now), ['old', 'primary']],
    ['an instance of which nobody knows since when', zombie(null), []],
    ['one whose last attempt was five minutes ago', zombie(ago(900), { attemptedAt: ago(300) }), ['old', 'primary']],
    ['one whose last attempt was less than that ago', zombie(ago(900), { attemptedAt: ago(299) }), []],
    ['one with one attempt left', zombie(ago(900), { attempts: maxAttempts - 1 }), ['old', 'primary']],
    ['one with none left', zombie(ago(900), { attempts: maxAttempts }), []],
  ])('knows whom to ask to terminate %s', (_, instance, callers) => {
    expect(asked([instance])).toEqual(callers);
  });

  it('waits as long as the agent is set to', () => {
    expect(asked([zombie(ago(60))], { waitSeconds: 60 })).toEqual(['old']);
    expect(asked([zombie(ago(3000))], { waitSeconds: 3600 })).toEqual([]);
    expect(asked([letGo(now)], { waitSeconds: 3600 })).toEqual(['old', 'primary']);
  });

  it('asks nobody while auto-terminate is off', () => {
    expect(asked([zombie(ago(900)), letGo(ago(900))], { isAutoTerminate: false })).toEqual([]);
  });

  it('asks no instance to end itself while the primary is silent: it may be the last one alive', () => {
    expect(asked([zombie(ago(900)), letGo(ago(900))], { isPrimaryHeard: false })).toEqual(['primary']);
  });

  it('treats a caller that names no instance as the primary if the agent has none', () => {
    const leaving = { agent: { ...agent, primaryId: null }, instances: [zombie(ago(420))] };
    expect(terminationPolicy(leaving, null, now)).toHaveLength(1);
    expect(terminationPolicy(leaving, 'another', now)).toHaveLength(0);
  });

  it('says why, and how long each has waited, in whole seconds', () => {
    const instances = [zombie(new Date(ago(500).getTime() - 999)), letGo(ago(5))];
    expect(terminationPolicy({ agent, instances }, 'primary', now)).toEqual([
      { instance: instances[0], reason: 'zombie_timeout', secondsWaiting: 500 },
      { instance: instances[1], reason: 'replica_terminated', secondsWaiting: 5 },
    ]);
  });
});
