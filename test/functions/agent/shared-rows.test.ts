import type { Connection } from 'mariadb';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectToRig } from '../../support/database/beside.ts';
import { Rig } from '../../support/rig/rig.ts';
import { triesAll } from '../../support/run/sizes.ts';

// All tenants share pools and their prices: what one tenant's agents write there must not make another tenant wait.

let rig: Rig;
let holder: Connection;
beforeAll(async () => {
  rig = await Rig.start();
  holder = await connectToRig();
});
afterEach(() => {
  rig.controlPlane.dataApi.onCall = undefined;
});
afterAll(async () => {
  await holder.end();
  await rig.stop();
});

const prices = { 'us-east-1a': 0.05, 'us-east-1b': 0.04 };

/** Agents of two tenants in one pool. Both have reported its price. */
async function neighbours(type: string) {
  const one = await rig.primary({ type, mode: 'spot' });
  const other = await rig.primary({ type, mode: 'spot' });
  for (const instance of [one, other]) await instance.report(0.1, prices);
  rig.pass(300);
  return { one, other };
}

async function isAnyWaiting() {
  const waiting = "SELECT trx_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
  expect(await holder.query(waiting)).not.toEqual([]);
}

describe('a price report', () => {
  it('does not wait for another tenant’s registration in the same pool', async () => {
    const { one, other } = await neighbours('s1.large');
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: held, resolve: isHeld } = Promise.withResolvers<void>();
    rig.controlPlane.dataApi.onCall = async ({ operation }) => {
      if (operation !== 'CommitTransaction') return;
      isHeld();
      await released;
    };
    const registration = one.register();
    try {
      await held;
      expect((await other.report(0.1, { ...prices, 'us-east-1a': 0.051 })).status).toBe(200);
    } finally {
      release();
    }
    expect((await registration).status).toBe(200);
  });

  it('does not wait for another report that waits for the lock on its own agent', async () => {
    const { one, other } = await neighbours('s2.large');
    await holder.beginTransaction();
    await holder.query('SELECT id FROM agents WHERE id = ? FOR UPDATE', [one.agentId]);
    const waiting = one.report(0.1, { ...prices, 'us-east-1a': 0.06 });
    try {
      await vi.waitFor(isAnyWaiting, { interval: 200, timeout: 2_000 }); // MySQL refreshes the view every 100 ms
      expect((await other.report(0.1, { ...prices, 'us-east-1a': 0.051 })).status).toBe(200);
    } finally {
      await holder.rollback();
    }
    await waiting;
  });

  const rounds = triesAll ? 25 : 8;

  it(`of the same pools as ${12 * rounds - 1} others, each in an order of its own, is taken`, async () => {
    const tenant = await rig.tenant();
    const zones = Array.from({ length: 26 }, (_, i) => `us-east-1${String.fromCharCode(97 + i)}`);
    const up = zones.map((zone, i) => [zone, 0.03 + i / 1000] as const);
    const instances = await Promise.all(
      Array.from({ length: 12 }, () => rig.primary({ type: 's3.large', mode: 'spot' }, tenant)),
    );
    const refused: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      rig.pass(300);
      const turned = (by: number) => Object.fromEntries([...up.slice(by * 2), ...up.slice(0, by * 2)].toReversed());
      const answers = await Promise.all(
        instances.map((instance, i) => instance.report(0.1, i % 2 ? Object.fromEntries(up) : turned(i))),
      );
      refused.push(...answers.map(({ status }) => status).filter((status) => status !== 200));
    }
    expect(refused).toEqual([]);
  }, 60_000);
});

describe('a registration', () => {
  it('in a zone that may not exist adds no pool; a price report for that zone does', async () => {
    const local = 'us-east-1-bos-1a';
    const instance = await rig.primary({ type: 's4.large', mode: 'spot', az: local });
    const pools = () => rig.db.selectFrom('spotPools').select('az').where('instanceType', '=', 's4.large').execute();
    expect(await pools()).toEqual([]);
    await instance.report(0.1, { [local]: 0.05 });
    expect(await pools()).toEqual([{ az: local }]);
  });
});
