import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poolReader } from '../../../../functions/core/decision/priced-pools.ts';
import { readCandidates } from '../../../../functions/core/failover/candidates.ts';
import type { Db } from '../../../../functions/shared/db.ts';
import { connectToRig } from '../../../support/database/beside.ts';
import { Rig } from '../../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
  rig.clock.set(new Date('2026-03-02T12:00:00Z'));
});
afterAll(() => rig.stop());

const zones = ['a', 'b', 'c', 'd', 'e'];

/** How many rows the server reads for these queries, counted on their own connection. */
const rowsRead = (read: (db: Db) => Promise<unknown>) =>
  rig.db.transaction().execute(async (tx) => {
    const count = async () => {
      const { rows } = await sql<Record<string, string>>`SHOW SESSION STATUS LIKE 'Handler_read%'`.execute(tx);
      return rows.reduce((sum, row) => sum + Number(Object.values(row)[1]), 0);
    };
    const before = await count();
    await read(tx);
    return (await count()) - before;
  });

/** Inserts events for each pool of a type, spread over 400 periods of ten minutes back from an hour ago. */
async function seed(type: string, { from, to }: { readonly from: number; readonly to: number }) {
  const digits =
    '(SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)';
  const connection = await connectToRig();
  try {
    await connection.query(`
      INSERT INTO spot_interruption_events (id, client_id, agent_id, instance_id, signal_type, termination_time, pool_id, detected_at, created_at)
      SELECT UUID(), 'x', UUID(), CONCAT('i-${type}-', z, n), 'termination-notice', at, CONCAT('${type}.us-east-1', z), at, at
      FROM (SELECT k.n, k.z, TIMESTAMP('2026-03-02 11:00:00') - INTERVAL (k.n MOD 400) * 600 SECOND AS at
        FROM (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n, y.z
          FROM ${digits} AS a, ${digits} AS b, ${digits} AS c, ${digits} AS e, ${digits} AS f,
            (${zones.map((zone) => `SELECT '${zone}' AS z`).join(' UNION ')}) AS y) AS k
        WHERE k.n >= ${from} AND k.n < ${to}) AS s;
      ANALYZE TABLE spot_interruption_events;`);
  } finally {
    await connection.end();
  }
}

describe('the losses of a pool', () => {
  it('are read by ten-minute period: as many rows with 100,000 events as with 2,000', async () => {
    const type = 'lost.large';
    const instance = await rig.primary({ type, mode: 'spot' });
    await instance.report(0.1, Object.fromEntries(zones.map((zone) => [`us-east-1${zone}`, 0.03])));
    const now = rig.clock.now();
    const own = { clientId: instance.tenant.id, agentId: instance.agentId };
    const place = { ...own, instanceType: type, region: 'us-east-1', primaryPool: `${type}.us-east-1a` };
    const candidates = () => rowsRead((db) => readCandidates(db, place, now));
    const priced = () => rowsRead((db) => poolReader(db, now)([place]));

    await seed(type, { from: 0, to: 400 });
    // A run enters at most a thousand.
    for (let run = 0; run < 3; run += 1) await rig.runJob('coordinate-replicas');
    const few = [await candidates(), await priced()];
    const [lost] = (await readCandidates(rig.db, place, now)).filter(({ az }) => az === 'us-east-1b');
    expect(lost).toMatchObject({
      jointFailures: 400,
      interruptions24h: 139,
      lastNoticeAt: new Date('2026-03-02T11:00:00Z'),
    });

    await seed(type, { from: 400, to: 20_000 });
    await rig.runJob('coordinate-replicas');
    const many = [await candidates(), await priced()];
    expect(many[0]).toBeLessThan(few[0]! * 1.1);
    expect(many[1]).toBeLessThan(few[1]! * 1.1);
  });

  it('are entered by the job, once per pool and ten minutes, and none is missed while the job is away', async () => {
    const type = 'away.large';
    const instance = await rig.primary({ type, mode: 'spot' });
    await instance.report(0.1, { 'us-east-1a': 0.03, 'us-east-1b': 0.04 });
    const buckets = async () => {
      const { rows } = await sql<{ bucket: Date }>`
        SELECT bucket FROM pool_losses WHERE pool_id = ${instance.pool} ORDER BY bucket`.execute(rig.db);
      return rows.map(({ bucket }) => bucket.toISOString().slice(11, 16));
    };
    await instance.emergency('termination-notice');
    await rig.runJob('coordinate-replicas');
    await rig.runJob('coordinate-replicas');
    expect(await buckets()).toEqual(['12:00']);
    rig.pass(3 * 3600);
    const second = await rig.primary({ type, mode: 'spot' });
    await second.emergency('termination-notice');
    rig.pass(3 * 3600);
    await rig.runJob('coordinate-replicas');
    expect(await buckets()).toEqual(['12:00', '15:00']);
  });
});
