import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { record } from '../../../functions/core/event/events.ts';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

interface Listed {
  readonly id: string;
  readonly message: string;
  readonly isRead: boolean;
}

const list = async (token: string, query = '?limit=200'): Promise<Listed[]> => {
  const answer = await rig.request('GET', `/api/notifications${query}`, { token });
  expect(answer.status).toBe(200);
  expect(answer.calls).toBeLessThanOrEqual(2);
  return answer.body;
};
const unread = async (token: string, query?: string) =>
  (await list(token, query)).filter(({ isRead }) => !isRead).map(({ message }) => message);
const markAll = (token: string, body: object = {}) =>
  rig.request('POST', '/api/notifications/mark-all-read', { token, body });
const markOne = (token: string, id: string) => rig.request('POST', `/api/notifications/${id}/mark-read`, { token });
const tell = async (clientId: string | null, message: string = randomUUID()) => {
  await record(rig.db, { clientId, type: 'test', severity: 'warning', message, notify: true }, rig.clock.now());
  return message;
};
/** Lets enough time pass that no event can still be in flight. */
const later = () => rig.pass(60);
const admin = () => rig.controlPlane.adminToken;

/** A tenant that has read all its notifications. */
async function calmTenant(): Promise<Tenant> {
  const tenant = await rig.tenant();
  await markAll(tenant.token);
  later();
  return tenant;
}

describe('notifications (N1)', () => {
  it('are the tenant’s own and those for everyone, newest first, and never another tenant’s', async () => {
    const [tenant, other] = [await calmTenant(), await calmTenant()];
    const own = await tell(tenant.id);
    rig.pass(1);
    const forAll = await tell(null);
    const foreign = await tell(other.id);
    await record(
      rig.db,
      { clientId: tenant.id, type: 'test', severity: 'info', message: 'an event, and no notification' },
      rig.clock.now(),
    );
    const [first, second] = await list(tenant.token, '?limit=2');
    expect(first).toEqual({
      id: expect.any(String),
      message: forAll,
      severity: 'warning',
      isRead: false,
      time: rig.clock.now().toISOString(),
    });
    expect(second!.message).toBe(own);
    const all = (await list(tenant.token)).map(({ message }) => message);
    expect(all).not.toContain(foreign);
    expect(all).not.toContain('an event, and no notification');
  });

  it('of all tenants are listed for an operator, or only those of one tenant and those for everyone', async () => {
    const [tenant, other] = [await calmTenant(), await calmTenant()];
    const messages = [await tell(tenant.id), await tell(other.id), await tell(null)];
    const seen = async (query: string) => {
      const listed = (await list(admin(), query)).map(({ message }) => message);
      return messages.map((message) => listed.includes(message));
    };
    expect(await seen('?limit=200')).toEqual([true, true, true]);
    expect(await seen(`?limit=200&client_id=${tenant.id}`)).toEqual([true, false, true]);
  });

  it('of another tenant are a 404, like those of an unknown tenant', async () => {
    const [tenant, other] = [await rig.tenant(), await rig.tenant()];
    for (const [token, id] of [
      [tenant.token, other.id],
      [tenant.token, randomUUID()],
      [admin(), randomUUID()],
    ] as const) {
      const listed = await rig.request('GET', `/api/notifications?client_id=${id}`, { token });
      for (const answer of [listed, await markAll(token, { client_id: id })])
        expect(answer).toMatchObject({ status: 404, body: { code: 'client_not_found' } });
    }
    expect(
      (await rig.request('GET', `/api/notifications?client_id=${tenant.id}`, { token: tenant.token })).status,
    ).toBe(200);
  });

  it('are paged, each exactly once', async () => {
    const tenant = await calmTenant();
    for (let i = 0; i < 5; i += 1) await tell(i % 2 ? null : tenant.id);
    const all = (await list(tenant.token)).map(({ id }) => id);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null && seen.length < 300; ) {
      const path = `/api/notifications?limit=2&cursor=${cursor}`;
      const page = await rig.request('GET', path, { token: tenant.token });
      seen.push(...page.body.map(({ id }: Listed) => id));
      cursor = page.headers.get('x-next-cursor');
    }
    expect(seen).toEqual(all);
  });

  it.each(['limit=0', 'limit=201', 'limit=x', 'cursor=x'])('are refused with ?%s', async (query) => {
    expect((await rig.request('GET', `/api/notifications?${query}`, { token: admin() })).status).toBe(400);
  });
});

describe('marking as read (N2, N3)', () => {
  it('of one applies to this tenant alone, with any of its tokens', async () => {
    const [tenant, other] = [await calmTenant(), await calmTenant()];
    const forAll = await tell(null);
    const own = await tell(tenant.id);
    for (const { id } of (await list(tenant.token)).filter(({ message }) => [forAll, own].includes(message)))
      for (const _ of [1, 2]) expect((await markOne(tenant.token, id)).body).toEqual({ success: true });
    const { token } = (
      await rig.request('POST', `/api/client/${tenant.id}/tokens`, {
        token: tenant.token,
        body: { name: 'console', scope: 'read' },
      })
    ).body;
    for (const one of [tenant.token, token]) {
      expect(await unread(one)).not.toContain(forAll);
      expect(await unread(one)).not.toContain(own);
    }
    expect(await unread(other.token)).toEqual([forAll]);
    expect(await unread(admin())).toEqual(expect.arrayContaining([forAll, own]));
  });

  it('of another tenant’s is a 404, like that of an unknown one, and marks nothing', async () => {
    const [tenant, other] = [await calmTenant(), await calmTenant()];
    const message = await tell(other.id);
    const { id } = (await list(other.token)).find((one) => one.message === message)!;
    for (const one of [id, randomUUID()])
      expect(await markOne(tenant.token, one)).toMatchObject({ status: 404, body: { code: 'notification_not_found' } });
    expect(await unread(other.token)).toEqual([message]);
  });

  it('of all hides nothing from other tenants, not even notifications for everyone', async () => {
    const [tenant, other] = [await calmTenant(), await calmTenant()];
    const [forAll, own, foreign] = [await tell(null), await tell(tenant.id), await tell(other.id)];
    later();
    expect((await unread(tenant.token)).toSorted()).toEqual([forAll, own].toSorted());
    const answer = await markAll(tenant.token, { client_id: null });
    expect(answer).toMatchObject({ status: 200, body: { success: true, updated: 2 } });
    expect(answer.calls).toBe(3);
    expect(await unread(tenant.token)).toEqual([]);
    expect((await unread(other.token)).toSorted()).toEqual([forAll, foreign].toSorted());
    expect(await unread(admin())).toEqual(expect.arrayContaining([forAll, own, foreign]));
    expect((await markAll(tenant.token)).body.updated).toBe(0);
  });

  it('of all leaves unread what happened before but is recorded afterwards', async () => {
    const tenant = await calmTenant();
    const known = await tell(tenant.id);
    await markAll(tenant.token);
    const late = randomUUID();
    const tenSecondsAgo = new Date(rig.clock.now().getTime() - 10_000);
    await record(
      rig.db,
      { clientId: tenant.id, type: 'test', severity: 'error', message: late, notify: true },
      tenSecondsAgo,
    );
    expect(await unread(tenant.token)).toEqual([late]);
    expect((await list(tenant.token)).find(({ message }) => message === known)!.isRead).toBe(true);
  });

  it('of all is separate for each operator; for one tenant it leaves the others’ unread', async () => {
    const [tenant, other] = [await calmTenant(), await calmTenant()];
    const { token } = (await rig.asAdmin('POST', '/api/admin/operators', { name: randomUUID(), role: 'viewer' })).body;
    await markAll(token);
    later();
    const [own, foreign] = [await tell(tenant.id), await tell(other.id)];
    later();
    await markAll(token, { client_id: tenant.id });
    expect(await unread(token)).toEqual([foreign]);
    expect(await unread(admin())).toEqual(expect.arrayContaining([own, foreign]));
    expect((await markAll(token)).body.updated).toBe(1);
    expect(await unread(token)).toEqual([]);
    expect(await unread(tenant.token)).toEqual([own]);
  });
});
