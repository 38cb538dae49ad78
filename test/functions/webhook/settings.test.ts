import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { record } from '../../../functions/core/event/events.ts';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';
import { isSigned, type Receiver, startReceiver } from '../../support/scenes/receiver.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start({ WEBHOOK_DEADLINE_MS: '300' });
});
afterAll(() => rig.stop());

const receivers: Receiver[] = [];
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.close();
});
async function receiver(): Promise<Receiver> {
  const started = await startReceiver();
  receivers.push(started);
  return started;
}

const call = (method: string, { id, token }: Tenant, what = '', body?: object) =>
  rig.request(method, `/api/client/${id}/webhook${what}`, { token, body });
const set = (tenant: Tenant, body: object) => call('PUT', tenant, '', body);
const test = (tenant: Tenant) => call('POST', tenant, '/test');
const stored = ({ id }: Tenant) =>
  rig.db.selectFrom('webhooks').selectAll().where('clientId', '=', id).executeTakeFirst();

describe('a webhook (N4 to N6)', () => {
  it('is created with a secret, which is shown once and stored nowhere in plain text', async () => {
    const tenant = await rig.tenant();
    expect(await call('GET', tenant)).toMatchObject({ status: 404, body: { code: 'webhook_not_found' } });
    const url = 'https://hooks.example.com:8443/services/T0/very-secret?key=1';
    rig.pass(1); // the audit log is sorted by time
    const made = await set(tenant, { url });
    expect(made).toMatchObject({
      status: 200,
      body: { success: true, secret: expect.stringMatching(/^webhook-\w{32}$/) },
    });
    const webhook = {
      host: 'hooks.example.com:8443',
      topic_arn: null,
      style: 'json',
      min_severity: 'info',
      digest_minutes: 5,
      next_try_at: null,
      consecutive_failures: 0,
      last_success_at: null,
      last_failure_at: null,
      last_error: null,
      waiting_notifications: 0,
      dead_messages: 0,
    };
    expect(made.body.webhook).toEqual(webhook);
    expect((await call('GET', tenant)).body).toEqual(webhook);
    const audit = (await rig.request('GET', `/api/client/${tenant.id}/audit`, { token: tenant.token })).body;
    expect(audit[0]).toMatchObject({ action: 'webhook_created', actor: 'token:main', before: null });
    for (const seen of [JSON.stringify(await stored(tenant)), JSON.stringify(audit)]) {
      expect(seen).not.toContain('very-secret');
      expect(seen).not.toContain(made.body.secret);
    }
  });

  it('keeps settings that are left out, and does not show a secret that stays', async () => {
    const tenant = await rig.tenant();
    await set(tenant, { url: 'https://example.com/a', style: 'slack', min_severity: 'error', digest_minutes: 0 });
    rig.pass(1);
    const changed = await set(tenant, { digest_minutes: 60 });
    expect(changed.body).toMatchObject({
      secret: null,
      webhook: { host: 'example.com', style: 'slack', min_severity: 'error', digest_minutes: 60 },
    });
    const [act] = (await rig.request('GET', `/api/client/${tenant.id}/audit`, { token: tenant.token })).body;
    expect(act).toMatchObject({ before: { digestMinutes: 0 }, after: { digestMinutes: 60 } });
    expect(Object.keys(act.after)).toEqual(['digestMinutes']);
  });

  it('needs a receiver', async () => {
    const tenant = await rig.tenant();
    expect(await set(tenant, { style: 'slack' })).toMatchObject({
      status: 409,
      body: { code: 'no_receiver', details: { url: [expect.stringMatching(/topic_arn/)] } },
    });
    await set(tenant, { url: 'https://example.com/a' });
    expect(await set(tenant, { url: null })).toMatchObject({ status: 409, body: { code: 'no_receiver' } });
    expect((await call('GET', tenant)).body.host).toBe('example.com');
  });

  it.each([
    ['ftp://example.com/', /https/],
    ['https://user:pass@example.com/', /user name/],
    ['https://example.com:22/', /port/],
    ['https://169.254.169.254/latest', /public address/],
    ['https://0xa9fea9fe/latest', /public address/],
    ['http://10.0.0.1/', /public address/],
    ['no url', /must be a URL/],
  ])('is refused with %s, and nothing changes', async (url, problem) => {
    const tenant = await rig.tenant();
    const { status, body } = await set(tenant, { url });
    expect(status).toBe(400);
    expect(body.details.url[0]).toMatch(problem);
    expect((await call('GET', tenant)).status).toBe(404);
  });

  it('gets a new secret when asked, and for a day the old one signs too', async () => {
    const [tenant, its] = [await rig.tenant(), await receiver()];
    const { secret: old } = (await set(tenant, { url: its.url })).body;
    const { secret } = (await set(tenant, { rotate_secret: true })).body;
    expect(secret).not.toBe(old);
    await test(tenant);
    expect([old, secret].map((one) => isSigned(its.received[0]!, one))).toEqual([true, true]);
    rig.pass(86_400);
    await test(tenant);
    expect([old, secret].map((one) => isSigned(its.received[1]!, one))).toEqual([false, true]);
  });

  it('is gone once it is deleted, with the notifications that waited for it', async () => {
    const tenant = await rig.tenant();
    await set(tenant, { url: 'https://example.com/a' });
    const event = { clientId: tenant.id, type: 'test', severity: 'info', message: 'x', notify: true } as const;
    await record(rig.db, event, rig.clock.now());
    await rig.runJob('deliver-notifications');
    expect((await call('GET', tenant)).body.waiting_notifications).toBeGreaterThan(0);
    expect(await call('DELETE', tenant)).toMatchObject({ status: 200, body: { success: true } });
    expect((await call('GET', tenant)).body.code).toBe('webhook_not_found');
    expect((await call('DELETE', tenant)).body.code).toBe('webhook_not_found');
    const left = await rig.db.selectFrom('webhookItems').selectAll().where('clientId', '=', tenant.id).execute();
    expect(left).toEqual([]);
  });
});

describe('the test button (N7)', () => {
  it('sends a message at once, and returns what the receiver responded', async () => {
    const [tenant, its] = [await rig.tenant(), await receiver()];
    const { secret } = (await set(tenant, { url: its.url })).body;
    const answer = await test(tenant);
    expect(answer).toMatchObject({
      status: 200,
      body: { success: true, url: { status: 204, milliseconds: expect.any(Number), error: null }, topic: null },
    });
    expect(its.received[0]!.body).toMatchObject({ id: answer.body.message_id, type: 'test', notifications: [] });
    expect(isSigned(its.received[0]!, secret)).toBe(true);
  });

  it('says why a message was not accepted', async () => {
    const [tenant, its] = [await rig.tenant(), await receiver()];
    await set(tenant, { url: its.url });
    its.answer = (response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    expect((await test(tenant)).body).toMatchObject({
      success: false,
      url: { status: 302, error: 'answered 302: redirects are not followed' },
    });
    rig.pass(5);
    its.answer = () => {};
    expect((await test(tenant)).body).toMatchObject({ url: { status: null, error: 'no response within 0.3 s' } });
    rig.pass(5);
    await set(tenant, { url: 'https://name.invalid/' });
    expect((await test(tenant)).body).toMatchObject({
      success: false,
      url: { status: null, error: expect.any(String) },
    });
  });

  it('can be pressed once in five seconds', async () => {
    const [tenant, its] = [await rig.tenant(), await receiver()];
    await set(tenant, { url: its.url });
    const answers = await Promise.all([test(tenant), test(tenant), test(tenant)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 429, 429]);
    rig.pass(4);
    const tooSoon = await test(tenant);
    expect(tooSoon).toMatchObject({ status: 429, body: { code: 'test_too_soon' } });
    expect(tooSoon.headers.get('retry-after')).toBe('5');
    rig.pass(1);
    expect((await test(tenant)).status).toBe(200);
    expect(its.received).toHaveLength(2);
  });

  it('cannot be pressed sooner by creating the webhook anew', async () => {
    const [tenant, its] = [await rig.tenant(), await receiver()];
    for (let n = 0; n < 3; n += 1) {
      await set(tenant, { url: its.url });
      expect((await test(tenant)).status).toBe(n === 0 ? 200 : 429);
      await call('DELETE', tenant);
    }
    expect(its.received).toHaveLength(1);
    rig.pass(5);
    await set(tenant, { url: its.url });
    expect((await test(tenant)).status).toBe(200);
  });

  it('publishes to the topic too', async () => {
    const [tenant, its] = [await rig.tenant(), await receiver()];
    const account = '123456789012';
    const access = { aws_account_id: account, role_arn: null };
    await rig.asAdmin('PUT', `/api/admin/clients/${tenant.id}/aws-access`, access);
    await set(tenant, { url: its.url, topic_arn: `arn:aws:sns:us-east-1:${account}:SpotOptimizerNotifications` });
    expect((await test(tenant)).body).toMatchObject({ success: true, url: { status: 204 }, topic: { status: 200 } });
    expect(rig.controlPlane.sns.published.at(-1)!.subject).toBe('Spot Optimizer: this is a test');
  });
});

describe('the receiver’s code in the protocol', () => {
  const protocol = readFileSync(join(import.meta.dirname, '../../../docs/protocol.md'), 'utf8');
  const [, snippet] = /```js\n(import \{ createHmac.*?)```/s.exec(protocol)!;
  const load = async () =>
    (await import(`data:text/javascript,${encodeURIComponent(snippet!)}`)) as {
      isOurs(headers: object, body: string, secret: string, now?: number): boolean;
    };

  it('accepts what we sign, and nothing else', async () => {
    const { isOurs } = await load();
    const [tenant, its] = [await rig.tenant(), await receiver()];
    const { secret } = (await set(tenant, { url: its.url })).body;
    await test(tenant);
    const { headers, text } = its.received[0]!;
    const now = rig.clock.now().getTime();
    expect(isOurs(headers, text, secret, now)).toBe(true);
    expect(isOurs(headers, text, secret, now + 599_000)).toBe(true);
    expect(isOurs(headers, text, secret, now + 601_000)).toBe(false);
    expect(isOurs(headers, `${text} `, secret, now)).toBe(false);
    expect(isOurs(headers, text, 'webhook-other', now)).toBe(false);
    expect(isOurs({ ...headers, 'x-spot-optimizer-signature': 'v1=' }, text, secret, now)).toBe(false);
    expect(isOurs({}, text, secret, now)).toBe(false);
    await set(tenant, { rotate_secret: true });
    rig.pass(5);
    await test(tenant);
    const later = its.received[1]!;
    expect(isOurs(later.headers, later.text, secret, rig.clock.now().getTime())).toBe(true);
  });
});
