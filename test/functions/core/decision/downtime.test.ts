import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordedLoss, RecordedSwitch } from '../../../../functions/core/agent/state.ts';
import { downtimeOf, lossSeconds } from '../../../../functions/core/decision/downtime.ts';
import { defaultTiming } from '../../../../functions/core/decision/timing.ts';
import type { TestInstance } from '../../../support/agents/test-instance.ts';
import type { Tenant } from '../../../support/rig/api.ts';
import { Rig } from '../../../support/rig/rig.ts';
import { failoverScenes } from '../../../support/scenes/failover-scenes.ts';

const switched = (over: Partial<RecordedSwitch> = {}): RecordedSwitch => ({
  at: 1000,
  seconds: 0,
  isEmergency: true,
  oldInstanceId: 'i-1',
  launchedAt: null,
  ...over,
});
const lost = (over: Partial<RecordedLoss> = {}): RecordedLoss => ({
  instanceId: 'i-1',
  endedAt: 1120,
  replacedAt: 1100,
  ...over,
});
const secondsOf = (switches: RecordedSwitch[], losses: RecordedLoss[]) =>
  downtimeOf({ switches, losses }, defaultTiming).map(({ seconds }) => seconds);

describe('the downtime of an agent', () => {
  it.each([
    ['a switch that reports nothing: a cutover', switched({ isEmergency: false }), [], 5],
    ['a switch that reports more than a cutover', switched({ seconds: 40 }), [], 40],
    ['a failover in time', switched({ launchedAt: 1010 }), [lost()], 5],
    ['a failover whose instance boots beyond the end', switched({ launchedAt: 1100 }), [lost()], 75],
    ['a failover after the end', switched(), [lost({ replacedAt: 1150 })], 35],
    ['one after the end, while it boots', switched({ launchedAt: 1140 }), [lost({ replacedAt: 1150 })], 115],
    ['one that is said to be launched later than it took over', switched({ launchedAt: 9999 }), [lost()], 75],
    [
      'what was reported and what was seen are the same downtime',
      switched({ seconds: 60 }),
      [lost({ replacedAt: 1150 })],
      60,
    ],
    ['another instance that was lost', switched({ oldInstanceId: 'i-2' }), [], 5],
  ])('%s', (_, one, losses, seconds) => {
    expect(secondsOf([one], losses)).toEqual([seconds]);
    const isAnswered = losses.length > 0 && one.oldInstanceId === 'i-1';
    if (isAnswered) expect(lossSeconds({ switches: [one], losses }, defaultTiming)).toEqual([seconds]);
  });

  it('that no switch ended is dated to when the instance was replaced', () => {
    expect(downtimeOf({ switches: [], losses: [lost({ replacedAt: 1900 })] }, defaultTiming)).toEqual([
      { at: 1900, seconds: 785 },
    ]);
  });

  it('counts once if a failover was undone, with the failover that lasted', () => {
    const [undone, again] = [switched({ at: 1050 }), switched({ at: 1150 })];
    expect(secondsOf([undone, again], [lost({ replacedAt: 1150 })])).toEqual([5, 35]);
  });
});

describe('the budget of an agent with a target', () => {
  let rig: Rig;
  let tenant: Tenant;
  beforeAll(async () => {
    rig = await Rig.start();
    tenant = await rig.tenant();
  });
  afterAll(() => rig.stop());
  const { primary, launch } = failoverScenes(
    () => rig,
    () => tenant,
  );

  const spentBy = async (instance: TestInstance) => {
    const { body } = await instance.request('POST', '/decide', { instance: {} });
    return body.explanation.terms.spent_seconds;
  };
  const withTarget = async () => {
    const instance = await primary();
    await instance.set({ availabilityTarget: '0.99950' });
    return instance;
  };

  it.each([
    ['in time', 20, 5],
    ['too late to boot within the notice', 100, 75],
  ])('is spent by a standby that is launched %s', async (_, after, spent) => {
    const instance = await withTarget();
    await instance.emergency('termination-notice');
    rig.pass(after);
    const { standby } = await launch(instance);
    expect(await spentBy(standby)).toBe(spent);
  });

  it('is spent by time without a primary, though no switch ended it, but not by another agent’s', async () => {
    const instance = await withTarget();
    await instance.emergency('termination-notice');
    rig.pass(120 + 15 * 60);
    const successor = instance.successor({ mode: 'ondemand' });
    await successor.register();
    await successor.report(0.1, {});
    expect(await spentBy(successor)).toBe(15 * 60 + 5);
    expect(await spentBy(await withTarget())).toBe(0);
  });

  it('is not spent while an instance outlives its announced end', async () => {
    const instance = await withTarget();
    await instance.emergency('termination-notice');
    for (let minutes = 0; minutes < 15; minutes++) {
      rig.pass(60);
      await instance.heartbeat();
    }
    rig.pass(30 * 60);
    const successor = instance.successor({ mode: 'ondemand' });
    await successor.register();
    await successor.report(0.1, {});
    expect(await spentBy(successor)).toBe(30 * 60 + 5);
  });

  it('is what its next losses are expected to cost', async () => {
    const instance = await withTarget();
    const entrySeconds = async (one: TestInstance) =>
      (await one.request('POST', '/decide', { instance: {} })).body.explanation.terms.entry_seconds;
    expect(await entrySeconds(instance)).toBe(5 + 5);
    await instance.emergency('termination-notice');
    rig.pass(100);
    const { standby } = await launch(instance);
    expect(await entrySeconds(standby)).toBe(75 + 5);
  });

  it('is whole again in the next week', async () => {
    const instance = await withTarget();
    await instance.emergency('termination-notice');
    rig.pass(120 + 15 * 60);
    const successor = instance.successor({ mode: 'ondemand' });
    await successor.register();
    rig.pass(7 * 86_400);
    await successor.report(0.1, {});
    expect(await spentBy(successor)).toBe(0);
  });
});
