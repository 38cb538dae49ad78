import type { Connection } from 'mariadb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectToRig } from '../../../support/database/beside.ts';
import { Rig } from '../../../support/rig/rig.ts';

// The view that exports prices for training (protocol 9.3).

let rig: Rig;
let beside: Connection;
beforeAll(async () => {
  rig = await Rig.start();
  beside = await connectToRig();
});
afterAll(async () => {
  await beside.end();
  await rig.stop();
});

const pool = (zone: string) => `m5.large.us-east-1${zone}`;
const features = () => beside.query('SELECT * FROM ml_price_features ORDER BY pool_id, time_bucket');

async function see(zone: string, time: string, price: number, over: { confidence?: string; source?: string } = {}) {
  const { confidence = '1.00', source = 'market' } = over;
  const id = pool(zone);
  await beside.query(
    `INSERT IGNORE INTO spot_pools (id, instance_type, region, az, pool_name, created_at)
     VALUES (?, 'm5.large', 'us-east-1', ?, ?, UTC_TIMESTAMP(3))`,
    [id, `us-east-1${zone}`, id],
  );
  await beside.query(
    `INSERT INTO pricing_snapshots_clean (pool_id, time_bucket, spot_price, source_type, source_priority, confidence_score, observed_at)
     VALUES (?, ?, ?, ?, 5, ?, ?)`,
    [id, time, price, source, confidence, time],
  );
}

it('the view has each price that was seen, with the features of its time and its rank among pools', async () => {
  // A Tuesday.
  await see('a', '2026-03-02 10:35:00', 0.04);
  await see('a', '2026-03-03 09:35:00', 0.03);
  await see('a', '2026-03-03 10:35:00', 0.06);
  await see('b', '2026-03-03 10:35:00', 0.05);
  await see('b', '2026-03-03 10:40:00', 0.05, { confidence: '0.85', source: 'interpolated' });
  const rows = await features();
  expect(rows).toHaveLength(4);
  const [, , last, other] = rows;
  expect(last).toMatchObject({ pool_id: pool('a'), instance_type: 'm5.large', region: 'us-east-1', az: 'us-east-1a' });
  expect(last).toMatchObject({
    hour_of_day: 10,
    day_of_week: 1,
    day_of_month: 3,
    month_of_year: 3,
    calendar_year: 2026,
  });
  expect(Number(last.change_1h)).toBeCloseTo(1, 9);
  expect(Number(last.change_24h)).toBeCloseTo(0.5, 9);
  // The standard deviation of 0.04, 0.03 and 0.06.
  expect(Number(last.deviation_6h)).toBeCloseTo(0.0124722, 6);
  expect([last.price_rank, other.price_rank]).toEqual([2, 1]);
  expect(other).toMatchObject({ change_1h: null, change_24h: null });
  expect(Number(other.deviation_6h)).toBe(0);
});
