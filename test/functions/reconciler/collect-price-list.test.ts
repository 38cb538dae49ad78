import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ListedProduct, ProductsQuery } from '../../../local/aws/price-list.ts';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { Rig } from '../../support/rig/rig.ts';
import { forgetCollected } from '../../support/scenes/collecting.ts';

let rig: Rig;
let asked: { query: ProductsQuery; bytes: number }[];
let products: (ListedProduct | string)[];
beforeAll(async () => {
  rig = await Rig.start();
  rig.controlPlane.priceList.products = () => products;
  rig.controlPlane.priceList.onCall = (query, bytes) => void asked.push({ query, bytes });
});
afterAll(() => rig.stop());
beforeEach(async () => {
  await forgetCollected(rig, 3600);
  rig.controlPlane.priceList.faults.clear();
  rig.controlPlane.priceList.pageSize = 100;
  [asked, products] = [[], []];
});

let types = 0;
const agent = async (region = 'us-east-1') => {
  const type = `l${++types}.large`;
  return { type, instance: await rig.primary({ type, mode: 'spot', region, az: `${region}a` }) };
};
const plain = { operatingSystem: 'Linux', tenancy: 'Shared', preInstalledSw: 'NA', capacitystatus: 'Used' };
const product = (instanceType: string, USD: string, changes: Partial<ListedProduct> = {}): ListedProduct => ({
  attributes: { ...plain, regionCode: 'us-east-1', instanceType },
  pricePerUnit: { USD },
  ...changes,
});
const collect = () => rig.runJob('collect-market');
const listed = async (type: string) => {
  const row = await rig.db
    .selectFrom('ondemandPrices')
    .select('price')
    .where('clientId', '=', '')
    .where('instanceType', '=', type)
    .executeTakeFirst();
  return row && Number(row.price);
};
const history = async (type: string) =>
  (
    await rig.db
      .selectFrom('ondemandPriceSnapshots')
      .select('price')
      .where('clientId', '=', '')
      .where('instanceType', '=', type)
      .orderBy('capturedAt')
      .execute()
  ).map(({ price }) => Number(price));
const collection = (region = 'us-east-1') =>
  rig.db
    .selectFrom('marketCollections')
    .selectAll()
    .where('source', '=', 'price-list')
    .where('region', '=', region)
    .executeTakeFirst();
const priceOf = async ({ id, tenant }: TestInstance) =>
  (await rig.request('GET', `/api/client/instances/${id}/pricing`, { token: tenant.token })).body.onDemand.price;
const discrepancies = ({ agentId }: TestInstance) =>
  rig.db
    .selectFrom('systemEvents')
    .select(['message', 'metadata'])
    .where('agentId', '=', agentId)
    .where('eventType', '=', 'ondemand_discrepancy')
    .execute();

describe('the price list', () => {
  it('gives the on-demand price of a type once a day, for Linux on shared hardware', async () => {
    const { type, instance } = await agent();
    const of = (changes: Record<string, string>, USD: string): ListedProduct =>
      product(type, USD, { attributes: { ...plain, regionCode: 'us-east-1', instanceType: type, ...changes } });
    products = [
      of({ operatingSystem: 'Windows' }, '0.5'),
      of({ tenancy: 'Dedicated' }, '0.6'),
      of({ preInstalledSw: 'SQL Web' }, '0.7'),
      of({ capacitystatus: 'AllocatedCapacityReservation' }, '0.0000000000'),
      of({ regionCode: 'us-east-2' }, '0.8'),
      product(type, '0.0960000000'),
    ];
    await collect();
    expect(await listed(type)).toBe(0.096);
    expect(await priceOf(instance)).toBe(0.096);
    await collect();
    rig.pass(900);
    await collect();
    expect(asked).toHaveLength(1);
    expect(asked[0]!.query).toMatchObject({ ServiceCode: 'AmazonEC2', MaxResults: 100 });
  });

  it('is followed, with a row of history when a price changes', async () => {
    const { type } = await agent();
    for (const price of ['0.096', '0.096', '0.104']) {
      products = [product(type, price)];
      await collect();
      rig.pass(86_400);
    }
    expect([await listed(type), await history(type)]).toEqual([0.104, [0.096, 0.104]]);
  });

  it('is read to its last page', async () => {
    const all = [await agent(), await agent(), await agent()].map(({ type }) => type);
    products = all.map((type, i) => product(type, `0.${i + 1}`));
    rig.controlPlane.priceList.pageSize = 1;
    await collect();
    expect(asked).toHaveLength(3);
    expect(await Promise.all(all.map(listed))).toEqual([0.1, 0.2, 0.3]);
  });

  it('may be empty, which is no failure', async () => {
    const { type } = await agent();
    expect(await collect()).toMatchObject({ ran: true, rows: 0 });
    expect(await listed(type)).toBeUndefined();
    expect(await collection()).toMatchObject({ failures: 0, collectedUntil: rig.clock.now() });
  });

  it.each<[string, (type: string) => (ListedProduct | string)[]]>([
    ['a negative price', (type) => [product(type, '-0.1')]],
    ['a price of nothing', (type) => [product(type, '0.0000000000')]],
    ['no number', (type) => [product(type, 'NaN')]],
    ['more than any instance costs', (type) => [product(type, '101')]],
    ['another currency', (type) => [product(type, '', { pricePerUnit: { CNY: '0.7' } })]],
    ['another unit', (type) => [product(type, '0.1', { unit: 'Quantity' })]],
    ['two prices', (type) => [product(type, '0.1'), product(type, '0.2')]],
    ['a type that was not asked for', () => [product('other.large', '0.1')]],
    ['no JSON', () => ['{', 'null', '7', '"text"', '{"terms":{"OnDemand":{"a":null}}}']],
  ])('is not believed: %s', async (_, of) => {
    const [{ type }, good] = [await agent(), await agent()];
    products = [...of(type), product(good.type, '0.3')];
    await collect();
    expect([await listed(type), await listed('other.large'), await listed(good.type)]).toEqual([
      undefined,
      undefined,
      0.3,
    ]);
  });

  it('may have pages of 10 MB, and is read for at most ten pages', async () => {
    const { type } = await agent();
    const filler = product(type, '0.096', { padding: 110_000 });
    products = Array.from({ length: 96 }, () => filler);
    await collect();
    expect(await listed(type)).toBe(0.096);
    expect(asked[0]!.bytes).toBeGreaterThan(10_000_000);
    rig.pass(86_400);
    asked = [];
    products = Array.from({ length: 200 }, () => product(type, '0.097'));
    rig.controlPlane.priceList.pageSize = 4;
    await collect();
    expect([asked.length, await listed(type)]).toEqual([10, 0.097]);
  });

  it.each([
    'ThrottlingException',
    'AccessDeniedException',
    'InternalErrorException',
    'disconnect',
  ] as const)('is asked for again later when it responds with %s', async (error) => {
    const { type, instance } = await agent();
    products = [product(type, '0.2')];
    rig.controlPlane.priceList.faults.inject({ error });
    await collect();
    expect(await collection()).toMatchObject({ failures: 1 });
    await instance.report(0.1, {});
    expect(await priceOf(instance)).toBe(0.1);
    rig.controlPlane.priceList.faults.clear();
    rig.pass(300);
    await collect();
    expect(await listed(type)).toBe(0.2);
    expect(await collection()).toMatchObject({ failures: 0, nextAt: null });
  });
});

describe('an on-demand price that an agent reports', () => {
  it('is not used if the price list differs; a difference from a tenth on is recorded once a day', async () => {
    const { type, instance } = await agent();
    products = [product(type, '0.1')];
    await collect();
    await instance.report(0.109, { 'us-east-1a': 0.05 });
    expect(await discrepancies(instance)).toEqual([]);
    rig.pass(300);
    await instance.report(0.12, { 'us-east-1a': 0.05 });
    rig.pass(300);
    await instance.report(0.13, { 'us-east-1a': 0.05 });
    expect(await discrepancies(instance)).toMatchObject([{ metadata: { claimed: 0.12, listed: 0.1 } }]);
    expect(await priceOf(instance)).toBe(0.1);
    await rig.runJob('decide');
    const { inputs } = (await instance.decisions()).at(-1)!;
    expect(inputs).toMatchObject({ prices: { onDemand: 0.1 } });
  });

  it('counts for its tenant until the price list is read', async () => {
    const { type, instance } = await agent();
    await instance.report(0.12, { 'us-east-1a': 0.05 });
    expect(await priceOf(instance)).toBe(0.12);
    products = [product(type, '0.1')];
    await collect();
    rig.pass(300);
    await instance.report(0.12, { 'us-east-1a': 0.05 });
    expect(await priceOf(instance)).toBe(0.1);
  });

  it('is no claim if it is the value that agents send after a failed look-up', async () => {
    const { type, instance } = await agent();
    products = [product(type, '0.2')];
    await collect();
    await instance.report(0.1, {});
    expect(await discrepancies(instance)).toEqual([]);
    expect(await priceOf(instance)).toBe(0.2);
  });
});
