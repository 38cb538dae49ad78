import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { Rig } from '../../support/rig/rig.ts';

// Whose prices count for whom (docs/adr/0037).

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

let types = 0;
const newType = () => `u${++types}.large`;
const [a, b] = ['us-east-1a', 'us-east-1b'];

const trusted = async (type: string) =>
  Object.fromEntries(
    (await rig.db.selectFrom('spotPools').selectAll().where('instanceType', '=', type).execute()).map((row) => [
      row.az,
      row.latestPrice === null ? null : Number(row.latestPrice),
    ]),
  );
const pricesSeenBy = async (instance: TestInstance) => {
  await rig.runJob('decide');
  const [last] = (await instance.decisions()).toReversed();
  const { prices } = last!.inputs as { prices: { pools: { id: string; price: number }[]; onDemand: number } };
  return {
    onDemand: prices.onDemand,
    ...Object.fromEntries(prices.pools.map(({ id, price }) => [id.slice(-10), price])),
  };
};
const eventsOf = (type: string) => (instance: TestInstance) =>
  rig.db
    .selectFrom('systemEvents')
    .selectAll()
    .where('agentId', '=', instance.agentId)
    .where('eventType', '=', type)
    .execute();
const outliers = eventsOf('price_outlier');
const discrepancies = eventsOf('price_discrepancy');

describe('a price that agents of one tenant report', () => {
  it('moves that tenant’s agents, and nobody else’s', async () => {
    const type = newType();
    const victim = await rig.primary({ type, mode: 'spot' });
    const hostile = await rig.primary({ type, mode: 'spot' });
    await hostile.report(0.1, { [a]: 0.05, [b]: 0.0001 });
    await victim.report(0.1, { [a]: 0.05 });
    expect(await pricesSeenBy(victim)).toEqual({ onDemand: 0.1, [a]: 0.05 });
    expect(await victim.commands()).toEqual([]);
    expect(await hostile.commands()).toMatchObject([{ targetPoolId: `${type}.${b}` }]);
  });

  it('counts for all tenants once another tenant’s agents report it too, give or take a tenth', async () => {
    const type = newType();
    const [one, other, third] = [await rig.primary({ type }), await rig.primary({ type }), await rig.primary({ type })];
    await one.report(0.1, { [a]: 0.05, [b]: 0.03 });
    expect(await trusted(type)).toEqual({ [a]: null, [b]: null });
    await other.report(0.1, { [a]: 0.054, [b]: 0.04 });
    expect(await trusted(type)).toEqual({ [a]: 0.054, [b]: null });
    await third.report(0.1, {});
    expect(await pricesSeenBy(third)).toEqual({ onDemand: 0.1, [a]: 0.054 });
  });

  it('does not count for all when another agent of the same tenant confirms it', async () => {
    const type = newType();
    const one = await rig.primary({ type });
    for (const instance of [one, await rig.primary({ type }, one.tenant)]) await instance.report(0.1, { [a]: 0.05 });
    expect(await trusted(type)).toEqual({ [a]: null });
  });

  it('is not confirmed once it is older than 15 minutes', async () => {
    const type = newType();
    await (await rig.primary({ type })).report(0.1, { [a]: 0.05 });
    const late = await rig.primary({ type });
    rig.pass(901);
    await late.report(0.1, { [a]: 0.05 });
    expect(await trusted(type)).toEqual({ [a]: null });
  });

  it('follows the market: two tenants agree on a new price however far it is from the old one', async () => {
    const type = newType();
    const both = [await rig.primary({ type }), await rig.primary({ type })];
    for (const instance of both) await instance.report(0.1, { [a]: 0.02 });
    rig.pass(300);
    for (const instance of both) await instance.report(0.1, { [a]: 0.08 });
    expect(await trusted(type)).toEqual({ [a]: 0.08 });
    expect(await outliers(both[1]!)).toEqual([]);
  });
});

describe('a price more than half off the trusted one', () => {
  /** Two tenants agree; a third sees another price. */
  async function disputed(price: number) {
    const type = newType();
    for (const _ of [1, 2]) await (await rig.primary({ type })).report(0.1, { [a]: 0.05 });
    const odd = await rig.primary({ type });
    rig.pass(60);
    await odd.report(0.1, { [a]: price });
    return { type, odd };
  }

  it('is recorded once a day, and used neither for its own tenant nor in the price history', async () => {
    const { type, odd } = await disputed(0.004);
    expect(await pricesSeenBy(odd)).toMatchObject({ [a]: 0.05 });
    expect(await odd.commands()).toMatchObject([{ targetPoolId: `${type}.${a}` }]); // at the trusted price
    rig.pass(300);
    await odd.report(0.1, { [a]: 0.004 });
    expect(await outliers(odd)).toMatchObject([
      {
        severity: 'warning',
        message: `${odd.id} reports 0.004 USD an hour for ${type}.${a}: too far from what others see, so it is not used`,
      },
    ]);
    const buckets = rig.db.selectFrom('pricingSnapshotsClean').select('spotPrice').where('poolId', '=', `${type}.${a}`);
    expect(await buckets.execute()).toEqual([{ spotPrice: '0.050000' }]);
  });

  it('is used if it is less than half off', async () => {
    const { odd } = await disputed(0.026);
    expect(await pricesSeenBy(odd)).toMatchObject({ [a]: 0.026 });
    expect(await outliers(odd)).toEqual([]);
  });

  it('is used once nobody has confirmed the trusted one for an hour', async () => {
    const { odd } = await disputed(0.004);
    rig.pass(3600);
    await odd.report(0.1, { [a]: 0.004 });
    expect(await pricesSeenBy(odd)).toMatchObject({ [a]: 0.004 });
  });
});

describe('a price more than a tenth off the one stored for the same five minutes', () => {
  it.each([
    ['of another agent', 0.056, true],
    ['of another agent, just a tenth off', 0.055, false],
  ])('%s is recorded once a day, if more than a tenth off', async (_, price, isRecorded) => {
    const type = newType();
    const [one, other] = [await rig.primary({ type }), await rig.primary({ type })];
    await one.report(0.1, { [a]: 0.05 });
    for (const _again of [1, 2]) await other.report(0.1, { [a]: price });
    expect(await discrepancies(one)).toEqual([]);
    expect(await discrepancies(other)).toMatchObject(
      isRecorded
        ? [
            {
              severity: 'info',
              message: `${other.id} reports 0.056 USD an hour for ${type}.${a}: more than 10 % off the price stored for the same five minutes`,
            },
          ]
        : [],
    );
    rig.pass(300);
    await other.report(0.1, { [a]: price * 2 }); // the first report of its five minutes
    expect(await discrepancies(other)).toHaveLength(isRecorded ? 1 : 0);
  });
});

it('an on-demand price counts only for the tenant whose agents report it', async () => {
  const type = newType();
  await (await rig.primary({ type })).report(7, {});
  const blind = await rig.primary({ type });
  await blind.report(0.1, { [a]: 0.05 });
  expect(await blind.row()).toMatchObject({ ondemandPrice: '0.100000' });
});

it('the pool for an emergency standby is chosen by prices that count for its tenant', async () => {
  const type = newType();
  const [victim, hostile] = [await rig.primary({ type, mode: 'spot' }), await rig.primary({ type, mode: 'spot' })];
  await hostile.report(0.1, { [b]: 0.0001, 'us-east-1c': 0.05 });
  await victim.report(0.1, { [a]: 0.05, [b]: 0.05, 'us-east-1c': 0.03 });
  const { body } = await victim.emergency('rebalance-recommendation');
  expect(body).toMatchObject({ pool: { id: `${type}.us-east-1c` }, hourly_cost: 0.03 });
});
