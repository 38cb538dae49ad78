import type { Connection } from 'mariadb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { live } from '../../bench/life.ts';
import { tooLarge } from '../../bench/long-run.ts';
import { type Happened, tableBounds } from '../../bench/table-bounds.ts';
import { TableCounts } from '../../bench/table-counts.ts';
import { queryOver } from '../../local/fleet/run/query.ts';
import { createTenant } from '../../local/fleet/run/tenant.ts';
import { connectToRig } from '../support/database/beside.ts';
import { Rig } from '../support/rig/rig.ts';
import { triesAll } from '../support/run/sizes.ts';

const daySeconds = 86_400;

let rig: Rig;
let beside: Connection;
beforeAll(async () => {
  rig = await Rig.start({ HEARTBEAT_TIMEOUT_SECONDS: String(2 * daySeconds) });
  beside = await connectToRig();
});
afterAll(async () => {
  await beside.end();
  await rig.stop();
});

it('every table of the schema has a bound on its size, and no other table has one', async () => {
  expect(Object.keys(tableBounds).sort()).toEqual((await new TableCounts(beside).tables()).sort());
});

it.runIf(triesAll)(
  'the rows of a fleet stay within the bounds, and are deleted when their time is over',
  async () => {
    const { controlPlane: plane, clock } = rig;
    const counts = new TableCounts(beside);
    const query = queryOver(plane.dataApi.url);
    const tenant = await createTenant(plane.url, plane.adminToken, 'Bounds');
    let happened: Happened | undefined;
    await live(
      { plane, clock, query, tenant, signal: new AbortController().signal },
      {
        agents: 2,
        days: 1,
        start: clock.now(),
        pollSeconds: daySeconds / 2,
        lossEveryDays: 0.8,
        onDay: async (_, so, now) => {
          happened = so;
          await counts.endOfDay(now);
          expect(tooLarge(await counts.count(so))).toEqual([]);
        },
      },
    );
    const before = await counts.count(happened!);
    const emptied = Object.entries(tableBounds).flatMap(([table, bound]) =>
      'most' in bound ? [] : [{ table, bound }],
    );
    // All the others had rows: too few calls are made for a rate limit.
    const unused = emptied.filter(({ table }) => before.get(table)!.rows === 0).map(({ table }) => table);
    expect(unused).toEqual(['rate_counts']);

    const longest = Math.max(...emptied.map(({ bound }) => bound.keptDays));
    for (let night = 0; night < 2; night += 1) {
      rig.pass(((longest + 2) * daySeconds) / 2);
      await rig.runJob('delete-old-rows');
    }
    const after = await counts.count(happened!);
    for (const { table, bound } of emptied)
      expect(after.get(table)!.rows, table).toBeLessThanOrEqual(bound.stay?.(happened!) ?? 0);
  },
  600_000,
);
