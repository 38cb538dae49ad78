import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replay } from '../../../functions/core/decision/replay.ts';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { enterLoss } from '../../support/database/losses.ts';
import { Rig } from '../../support/rig/rig.ts';

// Decisions compare what the tenant pays (docs/adr/0095).

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

type Overlay = Readonly<Record<string, unknown>>;
const plan: Overlay = { name: 'Savings Plan 2026', mode: 'ondemand', multiplier: 0.4 };
const publicPrices = { 'us-east-1a': 0.05, 'us-east-1b': 0.045 };
const days = (n: number) => new Date(rig.clock.now().getTime() + n * 86_400_000).toISOString();

let types = 0;
/** A primary that reports an on-demand price of $0.10, whose tenant has these overlays. */
async function agentWith(overlays: readonly Overlay[], facts: object = { mode: 'spot' }): Promise<TestInstance> {
  types += 1;
  const agent = await rig.primary({ type: `paid${types}.large`, ...facts });
  await setOverlays(agent, overlays);
  await agent.report(0.1, publicPrices);
  return agent;
}

async function setOverlays(agent: TestInstance, overlays: readonly Overlay[]) {
  expect((await agent.setPriceOverlays(overlays)).status).toBe(200);
}

async function recommended(agent: TestInstance) {
  const { body, calls } = await agent.request('GET', '/switch-recommendation');
  expect(calls).toBeLessThanOrEqual(2);
  return body;
}

describe('on-demand that a Savings Plan makes cheaper than Spot', () => {
  it('is where an agent with the default settings goes, and the explanation names the plan', async () => {
    const agent = await agentWith([plan]);
    expect(await recommended(agent)).toMatchObject({
      recommended_action: 'switch_ondemand',
      expected_savings_per_hour: expect.closeTo(0.05 - 0.04, 9),
      explanation: { price_overlays: ['Savings Plan 2026'], staying_costs_per_hour: expect.closeTo(0.01, 9) },
      // Other pools are listed with public prices.
      alternative_pools: [{ spot_price: 0.045 }],
    });
  });

  it('is where an agent with a target goes', async () => {
    const agent = await agentWith([plan]);
    await agent.set({ availabilityTarget: '0.99900' });
    expect(await recommended(agent)).toMatchObject({
      model_version: 'policy-a-4',
      recommended_action: 'switch_ondemand',
      reason: `${agent.pool} costs more than on-demand`,
    });
  });

  it('is where a job with time to spare goes', async () => {
    const agent = await agentWith([plan]);
    const body = { deadline: days(2), remaining_work_seconds: 10 * 3600 };
    await rig.request('POST', `/api/client/agents/${agent.agentId}/config`, { token: agent.tenant.token, body });
    rig.pass(3600);
    await agent.heartbeat();
    await agent.report(0.1, publicPrices);
    expect(await recommended(agent)).toMatchObject({
      model_version: 'policy-b-3',
      recommended_action: 'switch_ondemand',
    });
  });

  it('is where the loop sends an agent; its decision can be replayed, and an agent already there stays', async () => {
    const agent = await agentWith([plan]);
    const settled = await agentWith([plan], { mode: 'ondemand' });
    await rig.runJob('decide');
    expect(await agent.commands()).toMatchObject([{ targetMode: 'ondemand', targetPoolId: null, createdBy: 'model' }]);
    expect(await settled.commands()).toEqual([]);
    const [decision] = await agent.decisions();
    expect(decision!.inputs).toMatchObject({
      prices: {
        onDemand: 0.04,
        publicOnDemand: 0.1,
        overlays: ['Savings Plan 2026'],
        pools: [
          { price: 0.05, publicPrice: 0.05 },
          { price: 0.045, publicPrice: 0.045 },
        ],
      },
    });
    expect(replay(decision!).kind).toBe('same');
  });

  it('may be free', async () => {
    const agent = await agentWith([{ ...plan, multiplier: 0 }]);
    expect((await recommended(agent)).recommended_action).toBe('switch_ondemand');
    await agent.set({ availabilityTarget: '0.99900' });
    expect((await recommended(agent)).recommended_action).toBe('switch_ondemand');
  });
});

describe('an overlay', () => {
  it.each([
    ['of another type', () => [{ ...plan, instance_type: 'other.large' }]],
    ['that has ended', () => [{ ...plan, until: days(-1) }]],
    ['that has not begun', () => [{ ...plan, from: days(1) }]],
  ])('%s changes nothing', async (_, overlays) => {
    const agent = await agentWith(overlays());
    expect(await recommended(agent)).toMatchObject({
      recommended_action: 'stay',
      explanation: { price_overlays: [] },
    });
  });

  it('applies from the moment when it begins until it ends', async () => {
    const agent = await agentWith([{ ...plan, from: days(1), until: days(2) }]);
    const laterBy = async (seconds: number) => {
      rig.pass(seconds);
      await agent.report(0.1, publicPrices);
      return (await recommended(agent)).recommended_action;
    };
    expect(await laterBy(86_399)).toBe('stay');
    expect(await laterBy(1)).toBe('switch_ondemand');
    expect(await laterBy(86_399)).toBe('switch_ondemand');
    expect(await laterBy(1)).toBe('stay');
  });

  it('of the agent’s type takes precedence over one of all types', async () => {
    const agent = await agentWith([]);
    await setOverlays(agent, [plan, { mode: 'ondemand', instance_type: agent.facts.type, hourly_price: 0.2 }]);
    expect(await recommended(agent)).toMatchObject({
      recommended_action: 'stay',
      explanation: { price_overlays: [`ondemand, ${agent.facts.type}`] },
    });
  });

  it('of Spot makes pools of a discounted tenant cheaper', async () => {
    const agent = await agentWith([{ mode: 'spot', multiplier: 0.5 }], { mode: 'ondemand' });
    expect(await recommended(agent)).toMatchObject({
      recommended_action: 'switch_spot',
      expected_savings_per_hour: expect.closeTo(0.1 - 0.0225, 9),
      explanation: { price_overlays: ['spot, all types'] },
    });
  });

  it('of another tenant in the same place changes nothing', async () => {
    const other = await agentWith([plan]);
    const agent = await rig.primary({ type: other.facts.type, mode: 'spot' });
    await agent.report(0.1, publicPrices);
    expect(await recommended(agent)).toMatchObject({ recommended_action: 'stay', explanation: { price_overlays: [] } });
    expect((await recommended(other)).recommended_action).toBe('switch_ondemand');
  });

  it('applies to the prices that a caller describes, which are public ones', async () => {
    const agent = await agentWith([plan]);
    const decide = (pricing: object) => agent.request('POST', '/decide', { instance: {}, pricing });
    const { body, calls } = await decide({ on_demand_price: 0.2, current_spot_price: 0.05 });
    expect(body).toMatchObject({ recommended_action: 'stay', explanation: { price_overlays: ['Savings Plan 2026'] } });
    expect(calls).toBeLessThanOrEqual(3);
    expect((await agent.decisions())[0]!.inputs).toMatchObject({ prices: { onDemand: 0.08, currentSpot: 0.05 } });
    expect((await decide({ on_demand_price: 0.1 })).body.recommended_action).toBe('switch_ondemand');
  });

  it('is named in explanations whatever its name has in it, and its type is meant without spaces around it', async () => {
    for (const name of ['\u0001'.repeat(64), '"\\\n界😀'.repeat(10)]) {
      const agent = await agentWith([{ ...plan, name }]);
      const { explanation } = await recommended(agent);
      expect(explanation.price_overlays).toEqual([name.replaceAll('\n', ' ')]);
    }
    const agent = await agentWith([]);
    await setOverlays(agent, [{ ...plan, instance_type: ` ${agent.facts.type} ` }]);
    expect((await recommended(agent)).recommended_action).toBe('switch_ondemand');
    const twice = [' ', '  '].map((spaces) => ({ ...plan, instance_type: `other.large${spaces}` }));
    const { status } = await agent.setPriceOverlays(twice);
    expect(status).toBe(400);
  });

  it('applies to the saving of a rebalance recommendation (A10)', async () => {
    const advised = async (overlays: readonly Overlay[], calmPrice: number) => {
      const agent = await agentWith(overlays);
      await agent.set({ minSavingsPercent: '15.00' });
      rig.pass(300);
      await agent.report(0.2, { 'us-east-1a': 0.1, 'us-east-1b': calmPrice });
      for (let hour = 1; hour <= 10; hour += 1)
        await enterLoss(rig.db, {
          poolId: agent.pool!,
          at: new Date(rig.clock.now().getTime() - 10 * 86_400_000 - hour * 3_600_000),
        });
      const { body } = await agent.request('POST', '/rebalance-recommendation', { instance_id: agent.id });
      expect(body.action).toBe('switch');
      return (await agent.commands()).length;
    };
    const spot = (multiplier: number) => [{ mode: 'spot', multiplier }];
    expect([await advised([], 0.05), await advised(spot(0.5), 0.05)]).toEqual([1, 1]);
    expect([await advised([], 0.12), await advised(spot(2), 0.12)]).toEqual([0, 0]);
  });
});
