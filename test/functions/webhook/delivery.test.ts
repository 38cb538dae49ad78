import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { record } from '../../../functions/core/event/events.ts';
import type { Severity } from '../../../functions/shared/schema.ts';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';
import { isSigned, type Receiver, startReceiver } from '../../support/scenes/receiver.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start({ WEBHOOK_DEADLINE_MS: '500' });
});
afterAll(() => rig.stop());

const receivers: Receiver[] = [];
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.close();
  await rig.db.deleteFrom('webhooks').execute(); // what one test left waiting is not sent in the next
});

interface Hook {
  readonly tenant: Tenant;
  readonly receiver: Receiver;
  readonly secret: string;
  readonly path: string;
}

const set = async ({ id, token }: Tenant, body: object) =>
  rig.request('PUT', `/api/client/${id}/webhook`, { token, body });

/** A tenant with a receiver, and nothing that waits. */
async function hook(settings: object = {}): Promise<Hook> {
  const [tenant, receiver] = [await rig.tenant(), await startReceiver()];
  receivers.push(receiver);
  await deliver();
  const { status, body } = await set(tenant, { url: receiver.url, digest_minutes: 0, ...settings });
  expect(status, JSON.stringify(body)).toBe(200);
  return { tenant, receiver, secret: body.secret, path: `/api/client/${tenant.id}/webhook` };
}

const tell = async (clientId: string | null, severity: Severity = 'warning', message: string = randomUUID()) => {
  await record(rig.db, { clientId, type: 'test', severity, message, notify: true }, rig.clock.now());
  return message;
};

const deliver = () => rig.runJob('deliver-notifications') as Promise<{ ran: boolean; rows: number }>;

describe('delivery', () => {
  it('brings a notification to its tenant, signed, and once', async () => {
    const { tenant, receiver, secret } = await hook();
    const message = await tell(tenant.id);
    rig.pass(60);
    expect(await deliver()).toMatchObject({ ran: true, rows: 1 });
    expect(receiver.received).toHaveLength(1);
    const [got] = receiver.received;
    expect(got!.body).toMatchObject({
      id: got!.headers['x-spot-optimizer-message-id'],
      type: 'notifications',
      client_id: tenant.id,
      total: 1,
      notifications: [{ message, severity: 'warning', type: 'test' }],
    });
    expect(isSigned(got!, secret)).toBe(true);
    expect(isSigned(got!, 'webhook-other')).toBe(false);
    rig.pass(60);
    await deliver();
    expect(receiver.received).toHaveLength(1);
  });
});
