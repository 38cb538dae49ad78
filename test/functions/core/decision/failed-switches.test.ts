import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FailedSwitch } from '../../../../functions/core/agent/state.ts';
import { failedSwitchesOf } from '../../../../functions/core/decision/failed-switches.ts';
import type { TestInstance } from '../../../support/agents/test-instance.ts';
import { Rig } from '../../../support/rig/rig.ts';

const now = new Date('2026-03-02T12:00:00Z');
const ago = (minutes: number) => now.getTime() / 1000 - minutes * 60;
const failed = (over: Partial<FailedSwitch> = {}): FailedSwitch => ({
  poolId: 'a',
  at: ago(1),
  cause: 'capacity',
  ...over,
});

describe('failed switches', () => {
  it.each([
    ['refused by a pool: that pool', [failed()], [null, ['a']]],
    ['refused by two pools: those', [failed(), failed({ poolId: 'b' })], [null, ['a', 'b']]],
    ['that says nothing of why: that pool', [failed({ cause: 'other' })], [null, ['a']]],
    ['refused ten minutes ago: nothing', [failed({ at: ago(10) })], [null, []]],
    ['to on-demand: all moves', [failed({ poolId: null })], [ago(1), []]],
    ['for want of a permission: all moves', [failed({ cause: 'permission' })], [ago(1), []]],
    ['for both: both', [failed({ cause: 'quota', at: ago(7) }), failed()], [ago(7), ['a']]],
  ] as const)('of an agent that tries other pools, and what they hold back: %s', (_, those, [lastAt, pools]) => {
    const { lastAt: last, refusing } = failedSwitchesOf(those, true, now);
    expect([last && last.getTime() / 1000, [...refusing]]).toEqual([lastAt, pools]);
  });

  it('of any other agent hold back all moves', () => {
    const { lastAt, refusing } = failedSwitchesOf([failed()], false, now);
    expect([lastAt, refusing.size]).toEqual([new Date(ago(1) * 1000), 0]);
  });
});

describe('after a switch that failed, an agent', () => {
  let rig: Rig;
  let types = 0;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(() => rig.stop());

  const noCapacity = 'An error occurred (InsufficientInstanceCapacity) when calling the RunInstances operation';
  const noPermission = 'An error occurred (UnauthorizedOperation) when calling the RunInstances operation';

  const decided = async (agent: TestInstance) => {
    rig.pass(360);
    await agent.heartbeat();
    await agent.report(0.1, { 'us-east-1a': 0.0301, 'us-east-1b': 0.03 });
    await rig.runJob('decide');
    const { recommendedPoolId, recommendedAction, allowed, failedGate } = (await agent.decisions()).at(-1)!;
    return { pool: recommendedPoolId?.split('.').at(-1), action: recommendedAction, allowed, gate: failedGate };
  };
  const settings = {
    none: () => ({}),
    target: () => ({ availability_target: 99.9 }),
    deadline: () => ({
      deadline: new Date(rig.clock.now().getTime() + 30 * 3_600_000).toISOString(),
      remaining_work_seconds: 36_000,
    }),
  };
  const agentWith = async (kind: keyof typeof settings) => {
    types += 1;
    const agent = await rig.primary({ type: `failed${types}.large` });
    const { token } = agent.tenant;
    await rig.request('POST', `/api/client/agents/${agent.agentId}/config`, { token, body: settings[kind]() });
    return agent;
  };
  const refuse = async (agent: TestInstance, message: string) => {
    const [command] = (await agent.pendingCommands()).body;
    await agent.executed(command.id, { success: false, message });
  };

  it.each(['target', 'deadline'] as const)('with a %s tries the next pool, and the first again later', async (kind) => {
    const agent = await agentWith(kind);
    expect(await decided(agent)).toMatchObject({ pool: 'us-east-1b', allowed: true });
    await refuse(agent, noCapacity);
    expect(await decided(agent)).toMatchObject({ pool: 'us-east-1a', allowed: true });
    await refuse(agent, noCapacity);
    rig.pass(250); // with the six minutes of `decided`, past the ten minutes of both
    expect(await decided(agent)).toMatchObject({ pool: 'us-east-1b', allowed: true });
  });

  it.each(['target', 'deadline'] as const)('with a %s waits when its role may not launch', async (kind) => {
    const agent = await agentWith(kind);
    await decided(agent);
    await refuse(agent, noPermission);
    expect(await decided(agent)).toMatchObject({ allowed: false, gate: 'recent_failure' });
    expect(await decided(agent)).toMatchObject({ pool: 'us-east-1b', allowed: true });
  });

  it('with neither waits for half an hour', async () => {
    const agent = await agentWith('none');
    expect(await decided(agent)).toMatchObject({ pool: 'us-east-1b', allowed: true });
    await refuse(agent, noCapacity);
    for (const _ of [6, 12, 18, 24])
      expect(await decided(agent)).toMatchObject({ allowed: false, gate: 'recent_failure' });
    expect(await decided(agent)).toMatchObject({ pool: 'us-east-1b', allowed: true });
  });
});
