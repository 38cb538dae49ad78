import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { record } from '../../../../functions/core/event/events.ts';
import { deliverNotifications } from '../../../../functions/core/webhook/deliver.ts';
import { runTime } from '../../../../functions/shared/run-time.ts';
import { Rig } from '../../../support/rig/rig.ts';

// Without a URL to call, a message counts as delivered at once.
vi.mock('../../../../functions/core/webhook/vault.ts', () => ({ unsealWebhook: async () => ({ url: null }) }));

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

it('a flood of notifications that is slow to queue leaves half of the run for sending', async () => {
  const tenant = await rig.tenant();
  const path = `/api/client/${tenant.id}/webhook`;
  await rig.request('PUT', path, { token: tenant.token, body: { url: 'https://example.com/', digest_minutes: 0 } });
  const told = { clientId: tenant.id, type: 'test', severity: 'info', message: 'first', notify: true } as const;
  await record(rig.db, told, rig.clock.now());
  const flood = Array.from({ length: 1000 }, () => ({ ...told, clientId: null, message: 'flood' }));
  for (let i = 0; i < 5; i++) await record(rig.db, flood, rig.pass(1));

  let remaining = 110_000;
  const slow = rig.db.withPlugin({
    transformQuery: ({ node }) => {
      remaining -= 4000;
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const time = runTime(() => remaining);
  expect(await deliverNotifications(slow, time, rig.pass(60))).toBe(1);
});
