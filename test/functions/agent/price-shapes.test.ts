import { describe, expect, it } from 'vitest';
import { priceReportOf } from '../../../functions/agent/pricing-report.ts';
import { PricingReport } from '../../../functions/agent/requests.ts';

const now = new Date('2026-03-02T10:00:00Z');
const read = (body: object) => priceReportOf(PricingReport.parse(body), 'i-1', now);

const instance = { instance_id: 'i-1', instance_type: 'm5.large', region: 'us-east-1', az: 'us-east-1a', mode: 'spot' };
const pool = (az: string, price: number) => ({ id: `m5.large.${az}`, instanceType: 'm5.large', az, price });

describe('priceReportOf', () => {
  it('reads the shape of version 4', () => {
    const pricing = {
      on_demand_price: 0.096,
      current_spot_price: 0.031,
      spot_pools: [{ pool_id: 'm5.large.us-east-1a', instance_type: 'm5.large', az: 'us-east-1a', price: 0.03 }],
      collected_at: '2026-03-02T09:58:00Z',
    };
    expect(read({ instance, pricing })).toEqual({
      instanceId: 'i-1',
      mode: 'spot',
      poolId: 'm5.large.us-east-1a',
      onDemand: 0.096,
      spot: 0.031,
      collectedAt: new Date('2026-03-02T09:58:00Z'),
      pools: [pool('us-east-1a', 0.03)],
    });
  });

  it('reads the shape of version 3.2, which names its pools by id and counts as of now', () => {
    const body = {
      instance: { ...instance, mode: undefined, current_mode: 'spot', current_pool_id: 'm5.large.us-east-1b' },
      on_demand_price: { price: 0.096 },
      spot_pools: [
        { pool_id: 'm5.large.us-east-1a', price: 0.03 },
        { pool_id: 'm5.large.us-east-1b', price: 0.04 },
      ],
    };
    expect(read(body)).toEqual({
      instanceId: 'i-1',
      mode: 'spot',
      poolId: 'm5.large.us-east-1b',
      onDemand: 0.096,
      spot: 0.04,
      collectedAt: now,
      pools: [pool('us-east-1a', 0.03), pool('us-east-1b', 0.04)],
    });
  });

  it.each([
    ['ondemand', { mode: 'ondemand', poolId: null, spot: undefined }],
    ['unknown', { mode: undefined, poolId: null, spot: undefined }],
    ['spot', { mode: 'spot', poolId: 'm5.large.us-east-1a', spot: 0.03 }],
  ])('reads mode, pool and spot price of an instance in mode %s', (mode, expected) => {
    const body = { instance: { ...instance, mode }, pricing: { spot_pools: [{ az: 'us-east-1a', price: 0.03 }] } };
    expect(read(body)).toMatchObject(expected);
  });

  it('leaves out invalid pools and prices, and keeps the last of two prices for one pool', () => {
    const spot_pools = [
      { az: 'us-east-1a', price: 0 },
      { az: 'us-east-1b', price: 101 },
      { price: 0.03 },
      { pool_id: `m5.large.${'x'.repeat(49)}`, price: 0.03 },
      { az: 'us-east-1c', price: 0.03 },
      { az: 'us-east-1c', price: 0.02 },
    ];
    expect(read({ instance, pricing: { spot_pools } }).pools).toEqual([pool('us-east-1c', 0.02)]);
  });

  it.each([
    ['ahead of ours', '2026-03-02T10:00:01Z', now],
    ['more than a day ahead', '2026-03-04T10:00:00Z', now],
    ['behind', '2026-02-28T10:00:00Z', new Date('2026-02-28T10:00:00Z')],
    ['that nobody can read', 'yesterday', now],
  ])('trusts a clock unless it is in the future or unreadable: a clock %s', (_, collected_at, collectedAt) => {
    expect(read({ instance, pricing: { collected_at } }).collectedAt).toEqual(collectedAt);
  });
});
