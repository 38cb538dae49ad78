import { afterAll, beforeAll, expect, it } from 'vitest';
import { policyAConfig } from '../../../../functions/core/decision/policy-a/config.ts';
import { PoolHistoryTracker } from '../../../../functions/core/decision/policy-a/pool-history.ts';
import { startShadows } from '../../../../functions/core/decision/policy-a/shadows.ts';
import { withRoom } from '../../../../functions/core/decision/stored-shadows.ts';
import { Rig } from '../../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const rows = () => rig.db.selectFrom('policyShadows').selectAll().execute();
/** Passes ten minutes, then runs the job that observes them. */
const period = async () => {
  rig.pass(600);
  await rig.runJob('observe-pools');
};

it('shadow services follow a place once an agent there has a target, one step per period', async () => {
  rig.clock.set(new Date('2026-03-02T10:00:00Z'));
  const agent = await rig.primary({ type: 'shadow.large', mode: 'spot', az: 'us-east-1a' });
  await agent.report(1, { 'us-east-1a': 0.3, 'us-east-1b': 0.3 });
  await period();
  expect(await rows()).toEqual([]);
  const isModelLoaded = async () => (await rig.asAdmin('GET', '/api/admin/stats')).body.mlModelsLoaded;
  expect(await isModelLoaded()).toBe(false);
  await agent.set({ availabilityTarget: '0.99950' });
  await period();
  await period();
  await rig.runJob('observe-pools');
  const [row] = await rows();
  expect(row).toMatchObject({ instanceType: 'shadow.large', region: 'us-east-1', observedAt: rig.clock.now() });
  expect(row).toMatchObject({ model: expect.stringMatching(/^built-in@/), isDegraded: false });
  expect((await rig.asAdmin('GET', '/api/admin/system-health')).body.decisionEngineStatus.riskModel).toEqual({
    name: row!.model,
    degraded: false,
    observedAt: rig.clock.now().toISOString(),
  });
  expect(await isModelLoaded()).toBe(true);
  await rig.db.updateTable('policyShadows').set({ isDegraded: true }).execute();
  expect(await isModelLoaded()).toBe(false);
  const pacing = row!.pacing as { startedAt: number; sums: number[] };
  expect(pacing.startedAt).toBe(rig.clock.now().getTime() / 1000 - 600);
  // It has entered the pool that is seen to be up, which took a cutover.
  expect(pacing.sums[0]).toBe(5);
  await agent.terminationImminent();
  await period();
  const later = (await rows())[0]!.pacing as { sums: number[] };
  expect(later.sums[0]).toBe(10); // and was interrupted there
});

it('shadows pace an agent only where its pools were observed for most of the last day', async () => {
  const agent = await rig.primary({ type: 'paced.large', mode: 'spot', az: 'us-east-1a' });
  await agent.set({ availabilityTarget: '0.99900' });
  /** Whether shadows pace it, with its own pool and one other observed in this share of the last day. */
  const isPaced = async (own: number, other: number) => {
    await agent.report(1, { 'us-east-1a': 0.3, 'us-east-1b': 0.25 });
    await period();
    for (const [zone, share] of [
      ['a', own],
      ['b', other],
    ] as const) {
      const tracker = new PoolHistoryTracker(600);
      for (let n = 0; n < 144; n += 1) tracker.observe(n < share * 144 ? 'up' : 'unknown');
      const poolId = `paced.large.us-east-1${zone}`;
      const state = { observedAt: new Date(rig.clock.now().getTime() - 600_000), record: tracker.record() };
      await rig.db
        .insertInto('poolStates')
        .values({ poolId, ...state })
        .onDuplicateKeyUpdate(state)
        .execute();
    }
    const { body } = await agent.request('POST', '/decide', { instance: {} });
    const { observed_share: share, pacing } = body.explanation.terms;
    expect(share).toBeCloseTo((own + other) / 2, 2);
    return pacing === 'observed';
  };
  // Alone in one of two pools: the other's losses are not seen.
  expect(await isPaced(1, 0)).toBe(false);
  expect(await isPaced(1, 0.15)).toBe(false);
  expect(await isPaced(1, 0.25)).toBe(true);
});

it('a place whose shadows cannot be read holds up no other, and the run reports it', async () => {
  for (const type of ['broken.large', 'whole.large']) {
    const agent = await rig.primary({ type, mode: 'spot', az: 'us-east-1a' });
    await agent.report(1, { 'us-east-1a': 0.3 });
    await agent.set({ availabilityTarget: '0.99950' });
  }
  await period();
  await rig.db.updateTable('policyShadows').set({ state: 'x' }).where('instanceType', '=', 'broken.large').execute();
  await expect(period()).rejects.toThrow(/moving shadows on: .*1 places failed/);
  const movedAt = new Map((await rows()).map(({ instanceType, observedAt }) => [instanceType, observedAt]));
  expect(movedAt.get('whole.large')).toEqual(rig.clock.now());
  expect(movedAt.get('broken.large')).toEqual(new Date(rig.clock.now().getTime() - 600_000));
  await rig.db.deleteFrom('policyShadows').where('instanceType', '=', 'broken.large').execute();
});

it('policy A decides on an agent with a target and stores what it weighed; rules decide without one', async () => {
  const decide = async (target: string | null) => {
    const agent = await rig.primary({ type: `weighed${target}.large` });
    await agent.set({ availabilityTarget: target });
    await agent.report(1, { 'us-east-1a': 0.3 });
    await rig.runJob('decide');
    return (await agent.decisions())[0]!;
  };
  expect(await decide('0.99900')).toMatchObject({
    modelVersion: 'policy-a-4',
    inputs: {
      service: {
        slo: { availability: 0.999, over: 'week' },
        pacing: null,
        model: expect.stringMatching(/^built-in@/),
        degraded: false,
      },
    },
  });
  expect(await decide(null)).toMatchObject({ modelVersion: 'rules-2', inputs: { service: null } });
});

it('emergency switches count towards no limit, but their downtime is spent', async () => {
  const agent = await rig.primary({ type: 'spent.large', mode: 'spot', az: 'us-east-1a' });
  await agent.set({ availabilityTarget: '0.99900' });
  for (const [n, trigger] of ['emergency', 'emergency', 'model'].entries())
    await rig.db
      .insertInto('switches')
      .values({
        id: `s-${n}`,
        clientId: agent.tenant.id,
        agentId: agent.agentId,
        oldInstanceId: `i-${n}`,
        newInstanceId: `i-${n + 1}`,
        eventTrigger: trigger,
        triggerType: trigger,
        downtimeSeconds: n * 20,
        initiatedAt: new Date(rig.clock.now().getTime() - (10 - n) * 60_000),
        createdAt: rig.clock.now(),
      })
      .execute();
  await agent.report(1, { 'us-east-1a': 0.3, 'us-east-1b': 0.1 });
  await rig.runJob('decide');
  const { inputs } = (await agent.decisions())[0]! as {
    inputs: { agent: object; service: { downtime: { seconds: number }[] } };
  };
  expect(inputs.agent).toMatchObject({ switches24h: 1, switches7d: 1 });
  expect(inputs.service.downtime.map(({ seconds }) => seconds)).toEqual([5, 20, 40]);
});

it('shadows with more downtime than there is room for forget the oldest, in their sums too', () => {
  const start = startShadows(0, policyAConfig.pacing);
  const spent = Array.from({ length: 1008 }, (_, n) => ({
    at: n * 600,
    seconds: start.sums.map((_, k) => ((n * 7919 + k * 104_729) % 997) / 7),
  }));
  const full = {
    ...start,
    spent,
    sums: start.sums.map((_, k) => spent.reduce((sum, one) => sum + one.seconds[k]!, 0)),
  };
  const fitting = withRoom(full);
  expect(fitting.spent.length).toBeGreaterThan(50);
  expect(fitting.sums[3]).toBeCloseTo(fitting.spent.reduce((sum, one) => sum + one.seconds[3]!, 0));
  expect(fitting.spent.at(-1)).toEqual(full.spent.at(-1));
});
