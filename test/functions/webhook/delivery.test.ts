import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { record } from '../../../functions/core/event/events.ts';
import type { Severity } from '../../../functions/shared/schema.ts';
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
  rig.controlPlane.dataApi.onCall = undefined;
  await rig.db.deleteFrom('webhooks').execute(); // what one test leaves waiting must not be sent in the next
});

interface Hook {
  readonly tenant: Tenant;
  readonly receiver: Receiver;
  readonly secret: string;
  readonly path: string;
}

const set = ({ id, token }: Tenant, body: object) => rig.request('PUT', `/api/client/${id}/webhook`, { token, body });
const show = async ({ id, token }: Tenant) => (await rig.request('GET', `/api/client/${id}/webhook`, { token })).body;

/** A tenant with a receiver, and nothing waiting to be sent. */
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

/** Runs the job this many minutes later. */
async function deliver(minutes = 1): Promise<{ ran: boolean; rows: number }> {
  rig.pass(minutes * 60);
  return (await rig.runJob('deliver-notifications')) as { ran: boolean; rows: number };
}

const fails = (receiver: Receiver, status = 500) => {
  receiver.answer = (response) => response.writeHead(status).end();
};
const works = (receiver: Receiver) => {
  receiver.answer = (response) => response.writeHead(204).end();
};
const idsOf = ({ received }: Receiver) => received.map(({ body }) => body.id as string);
const messagesOf = ({ received }: Receiver) =>
  received.flatMap(({ body }) => body.notifications.map(({ message }: { message: string }) => message));

describe('delivery', () => {
  it('sends a notification to its tenant once, signed', async () => {
    const { tenant, receiver, secret } = await hook();
    const message = await tell(tenant.id);
    expect(await deliver()).toMatchObject({ ran: true, rows: 1 });
    const [got] = receiver.received;
    expect(got!.body).toEqual({
      id: got!.headers['x-spot-optimizer-message-id'],
      type: 'notifications',
      client_id: tenant.id,
      total: 1,
      by_severity: { error: 0, warning: 1, info: 0 },
      omitted: 0,
      notifications: [
        {
          id: expect.any(String),
          type: 'test',
          severity: 'warning',
          message,
          agent_id: null,
          instance_id: null,
          time: new Date(rig.clock.now().getTime() - 60_000).toISOString(),
        },
      ],
    });
    expect(got!.headers['content-type']).toBe('application/json');
    expect(Number(got!.headers['x-spot-optimizer-timestamp'])).toBe(rig.clock.now().getTime() / 1000);
    expect(isSigned(got!, secret)).toBe(true);
    expect(isSigned(got!, 'webhook-other')).toBe(false);
    expect(await deliver()).toMatchObject({ rows: 0 });
    expect(receiver.received).toHaveLength(1);
    expect(await show(tenant)).toMatchObject({
      consecutive_failures: 0,
      waiting_notifications: 0,
      last_success_at: new Date(rig.clock.now().getTime() - 60_000).toISOString(),
      next_try_at: null,
    });
  });

  it('sends a tenant its own notifications and those for all, but no others’ and no mere events', async () => {
    const [one, other] = [await hook(), await hook()];
    const [own, forAll] = [await tell(one.tenant.id), await tell(null)];
    await record(
      rig.db,
      { clientId: one.tenant.id, type: 'test', severity: 'error', message: 'event' },
      rig.clock.now(),
    );
    await deliver();
    expect(messagesOf(one.receiver).toSorted()).toEqual([own, forAll].toSorted());
    expect(messagesOf(other.receiver)).toEqual([forAll]);
  });

  it('begins with the webhook: earlier notifications are not sent', async () => {
    const tenant = await rig.tenant();
    await tell(tenant.id);
    await deliver();
    const receiver = await startReceiver();
    receivers.push(receiver);
    await set(tenant, { url: receiver.url, digest_minutes: 0 });
    await deliver();
    expect(receiver.received).toHaveLength(0);
  });

  it('sends only the severities that the tenant wants', async () => {
    const { tenant, receiver } = await hook({ min_severity: 'warning' });
    await tell(tenant.id, 'info');
    const wanted = [await tell(tenant.id, 'warning'), await tell(tenant.id, 'error')];
    await deliver();
    expect(messagesOf(receiver).toSorted()).toEqual(wanted.toSorted());
    expect(receiver.received).toHaveLength(1);
  });

  it('loses no notification that was written late, with a time long past', async () => {
    const { tenant, receiver } = await hook();
    await tell(tenant.id, 'info', 'in time');
    await deliver();
    const late = { clientId: tenant.id, type: 'test', severity: 'info', message: 'late', notify: true } as const;
    await record(rig.db, late, new Date(rig.clock.now().getTime() - 3600_000));
    await deliver();
    expect(messagesOf(receiver)).toEqual(['in time', 'late']);
  });

  it('sends nothing of a transaction that was rolled back', async () => {
    const { tenant, receiver } = await hook();
    const undone = rig.db.transaction().execute(async (tx) => {
      await record(
        tx,
        { clientId: tenant.id, type: 'test', severity: 'error', message: 'x', notify: true },
        rig.clock.now(),
      );
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await deliver();
    expect(receiver.received).toHaveLength(0);
  });
});

describe('a digest', () => {
  it('gathers a flood into one message, which lists the most severe and counts the rest', async () => {
    const { tenant, receiver } = await hook({ digest_minutes: 5 });
    const flood = (severity: Severity, count: number) =>
      Array.from({ length: count }, (_, i) => ({
        clientId: tenant.id,
        type: 'test',
        severity,
        message: `${severity} ${i}`,
        notify: true,
      }));
    await record(rig.db, [...flood('error', 2), ...flood('info', 600)], rig.clock.now());
    for (let minute = 0; minute < 5; minute += 1) {
      await deliver();
      await tell(tenant.id, 'warning', `warning ${minute}`);
    }
    expect(receiver.received).toHaveLength(0);
    expect((await show(tenant)).waiting_notifications).toBe(606);
    await deliver();
    expect(receiver.received).toHaveLength(1);
    const { body } = receiver.received[0]!;
    expect(body).toMatchObject({ total: 607, omitted: 587, by_severity: { error: 2, warning: 5, info: 600 } });
    expect(body.notifications).toHaveLength(20);
    const messages = messagesOf(receiver);
    for (const message of ['error 0', 'error 1', 'warning 0', 'warning 4']) expect(messages).toContain(message);
    const times = body.notifications.map(({ time }: { time: string }) => time);
    expect(times).toEqual(times.toSorted());
  });

  it('is formatted for Slack, and cannot notify a channel', async () => {
    const { tenant, receiver } = await hook({ style: 'slack' });
    await tell(tenant.id, 'error', 'A & B <!channel> <https://x|y>');
    await deliver();
    expect(receiver.received[0]!.body).toEqual({
      text: [
        '*Spot Optimizer: 1 notification (1 error)*',
        `:red_circle: ${new Date(rig.clock.now().getTime() - 60_000).toISOString()} A &amp; B &lt;!channel&gt; &lt;https://x|y&gt;`,
      ].join('\n'),
    });
  });
});

describe('a receiver that fails', () => {
  it('is retried with ever longer pauses, with the same ID and a new signature; the rest waits', async () => {
    const { tenant, receiver, secret } = await hook();
    fails(receiver);
    const [first, second] = [await tell(tenant.id), await tell(tenant.id)];
    await deliver();
    await tell(tenant.id);
    const tries: number[] = [0];
    for (let minute = 1; minute <= 40; minute += 1) {
      const before = receiver.received.length;
      await deliver();
      if (receiver.received.length > before) tries.push(minute);
    }
    expect(tries).toEqual([0, 1, 6, 36]);
    expect(new Set(idsOf(receiver)).size).toBe(1);
    expect(receiver.received.every((got) => isSigned(got, secret))).toBe(true);
    expect(new Set(receiver.received.map(({ headers }) => headers['x-spot-optimizer-timestamp'])).size).toBe(4);
    expect(await show(tenant)).toMatchObject({
      consecutive_failures: 4,
      last_error: 'answered 500',
      last_success_at: null,
      waiting_notifications: 3,
      dead_messages: 0,
    });
    works(receiver);
    await deliver(120);
    expect(receiver.received.at(-1)!.body).toMatchObject({ id: idsOf(receiver)[0], total: 2 });
    expect(messagesOf(receiver).slice(-2).toSorted()).toEqual([first, second].toSorted());
    await deliver();
    expect(receiver.received.at(-1)!.body).toMatchObject({ total: 1 });
    expect(new Set(idsOf(receiver)).size).toBe(2);
    expect(await show(tenant)).toMatchObject({ consecutive_failures: 0, waiting_notifications: 0, next_try_at: null });
  });

  it('is given up after a day; dead messages can be sent again, with the same ID', async () => {
    const { tenant, receiver, path } = await hook();
    fails(receiver, 410);
    const message = await tell(tenant.id);
    for (const pause of [1, 1, 5, 30, 120, 240, 480]) await deliver(pause);
    expect(await show(tenant)).toMatchObject({ dead_messages: 0, waiting_notifications: 1 });
    await deliver(480);
    expect(await show(tenant)).toMatchObject({
      consecutive_failures: 8,
      dead_messages: 1,
      waiting_notifications: 0,
      next_try_at: null,
      last_error: 'answered 410',
    });
    const next = await tell(tenant.id);
    works(receiver);
    await deliver();
    expect(messagesOf(receiver).at(-1)).toBe(next);
    expect(await show(tenant)).toMatchObject({ consecutive_failures: 0, dead_messages: 1 });

    const again = () => rig.request('POST', `${path}/redeliver`, { token: tenant.token });
    expect(await again()).toMatchObject({ status: 200, body: { success: true, messages: 1 } });
    await deliver();
    expect(receiver.received.at(-1)!.body).toMatchObject({ id: idsOf(receiver)[0], notifications: [{ message }] });
    expect(await show(tenant)).toMatchObject({ dead_messages: 0, waiting_notifications: 0, next_try_at: null });
    expect(await again()).toMatchObject({ body: { messages: 0 } });
  });

  it('by being slow or hostile delays no other', async () => {
    const slow = await Promise.all(Array.from({ length: 30 }, () => hook()));
    const quick = await hook();
    for (const { receiver } of slow) receiver.answer = () => {};
    for (const { tenant } of [...slow, quick]) await tell(tenant.id);
    const began = performance.now();
    expect(await deliver()).toMatchObject({ rows: 31 });
    // Twenty-five at a time, 0.3 s each; one after the other they would take 9 s.
    expect(performance.now() - began).toBeLessThan(6000);
    expect(quick.receiver.received).toHaveLength(1);
    expect(await show(slow[0]!.tenant)).toMatchObject({
      last_error: 'no response within 0.3 s',
      consecutive_failures: 1,
    });
  });

  it('is tried at once when its settings change', async () => {
    const { tenant, receiver } = await hook();
    fails(receiver);
    await tell(tenant.id);
    for (const pause of [1, 1, 5]) await deliver(pause);
    const other = await startReceiver();
    receivers.push(other);
    await set(tenant, { url: other.url });
    await deliver();
    expect(idsOf(other)).toEqual(idsOf(receiver).slice(0, 1));
  });

  it('is tried at once when its settings change while a message is being sent under the old ones', async () => {
    const { tenant, receiver } = await hook();
    await tell(tenant.id);
    fails(receiver);
    for (const minutes of [1, 1, 5]) await deliver(minutes);
    const other = await startReceiver();
    receivers.push(other);
    receiver.answer = async (response) => {
      await set(tenant, { url: other.url });
      response.writeHead(500).end();
    };
    await deliver(30);
    await deliver();
    expect(other.received).toHaveLength(1);
    expect(await show(tenant)).toMatchObject({ waiting_notifications: 0 });
  });

  it('has its dead messages deleted after 14 days', async () => {
    const { tenant, receiver } = await hook();
    fails(receiver);
    await tell(tenant.id);
    for (const pause of [1, 1, 5, 30, 120, 240, 480, 480]) await deliver(pause);
    rig.pass(13 * 86_400);
    await rig.runJob('delete-old-rows');
    expect(await show(tenant)).toMatchObject({ dead_messages: 1 });
    rig.pass(2 * 86_400);
    await rig.runJob('delete-old-rows');
    expect(await show(tenant)).toMatchObject({ dead_messages: 0, waiting_notifications: 0 });
    expect(await rig.db.selectFrom('webhookItems').selectAll().where('clientId', '=', tenant.id).execute()).toEqual([]);
  });
});

describe('a flood', () => {
  const flood = async (clientId: string, size: number) => {
    const at = rig.clock.now();
    for (let i = 0; i < size; i += 1000)
      await record(
        rig.db,
        Array.from({ length: Math.min(1000, size - i) }, (_, n) => ({
          clientId,
          type: 'test',
          severity: 'info' as const,
          message: `${i + n}`,
          notify: true,
        })),
        at,
      );
  };

  it('is sent in messages of at most ten thousand, which bounds each statement', async () => {
    const { tenant, receiver } = await hook();
    await flood(tenant.id, 10_001);
    await deliver();
    await deliver();
    expect(receiver.received.map(({ body }) => body.total)).toEqual([10_000, 1]);
    expect(await show(tenant)).toMatchObject({ waiting_notifications: 0, next_try_at: null });
  });
});

describe('a run that ends halfway', () => {
  const statements = [
    /INSERT INTO webhook_items/i,
    /UPDATE webhooks AS w SET/i,
    /UPDATE system_events SET unqueued/i,
    /INSERT INTO webhook_messages/i,
    /UPDATE webhook_items SET message_id/i,
    /SELECT m.attempts/i,
    /DELETE m, i/i,
    /update `webhooks` set/i,
  ];
  it.each(
    statements.flatMap((sql) => [
      { sql, when: 'before' as const },
      { sql, when: 'after' as const },
    ]),
  )('$when $sql loses nothing, and sends again only with the same ID', async ({ sql, when }) => {
    const { tenant, receiver } = await hook();
    const message = await tell(tenant.id);
    const mend = rig.faults.inject({ error: 'AccessDeniedException', when, sql, times: Number.POSITIVE_INFINITY });
    await deliver().catch(() => undefined);
    mend();
    for (let minute = 0; minute < 3; minute += 1) await deliver();
    expect(receiver.received.length).toBeGreaterThan(0);
    expect(new Set(idsOf(receiver)).size).toBe(1);
    expect(new Set(messagesOf(receiver))).toEqual(new Set([message]));
    expect(await show(tenant)).toMatchObject({ waiting_notifications: 0, dead_messages: 0, next_try_at: null });
  });
});

describe('Data API calls of the job', () => {
  async function callsOf(run: () => Promise<unknown>): Promise<number> {
    let calls = 0;
    rig.controlPlane.dataApi.onCall = () => {
      calls += 1;
    };
    await run();
    rig.controlPlane.dataApi.onCall = undefined;
    return calls;
  }
  /** Two are the job's lease. */
  const idle = 2 + 2;

  it('are 4 when there is nothing to do, however many webhooks there are', async () => {
    await deliver();
    expect(await callsOf(deliver)).toBe(idle);
    for (let i = 0; i < 5; i += 1) await hook();
    expect(await callsOf(deliver)).toBe(idle);
  });

  it('are 3 more when nobody wants the news, and 5 more for each tenant that is sent some', async () => {
    const hooks = [await hook(), await hook(), await hook()];
    await tell((await rig.tenant()).id);
    expect(await callsOf(deliver)).toBe(idle + 3);
    for (const { tenant } of hooks.slice(0, 2)) for (let i = 0; i < 50; i += 1) await tell(tenant.id);
    expect(await callsOf(deliver)).toBe(idle + 3 + 2 * 5);
    for (const { receiver } of hooks) fails(receiver);
    for (const { tenant } of hooks) await tell(tenant.id);
    expect(await callsOf(deliver)).toBe(idle + 3 + 3 * 5);
    expect(await callsOf(deliver)).toBe(idle + 3 * 3);
    expect(await callsOf(deliver)).toBe(idle);
  });
});

describe('an SNS topic', () => {
  const account = '123456789012';
  const topic = (of = account) => `arn:aws:sns:eu-west-1:${of}:SpotOptimizerNotifications-ops`;
  const withAccount = (clientId: string) =>
    rig.asAdmin('PUT', `/api/admin/clients/${clientId}/aws-access`, { aws_account_id: account, role_arn: null });
  const published = (clientId: string) =>
    rig.controlPlane.sns.published.filter(({ message }) => JSON.parse(message).client_id === clientId);

  it('can be set instead of a URL, and is published to', async () => {
    const tenant = await rig.tenant();
    await withAccount(tenant.id);
    await deliver();
    expect(await set(tenant, { topic_arn: topic(), digest_minutes: 0 })).toMatchObject({
      status: 200,
      body: { webhook: { host: null, topic_arn: topic() } },
    });
    const message = await tell(tenant.id);
    await deliver();
    expect(published(tenant.id)).toMatchObject([
      { topicArn: topic(), subject: 'Spot Optimizer: 1 notification (1 warning)' },
    ]);
    expect(JSON.parse(published(tenant.id)[0]!.message)).toMatchObject({
      type: 'notifications',
      notifications: [{ message }],
    });
  });

  it('beside a URL is not published to again while the URL fails', async () => {
    const { tenant, receiver } = await hook();
    await withAccount(tenant.id);
    await deliver();
    receiver.received.length = 0;
    await set(tenant, { topic_arn: topic() });
    fails(receiver);
    await tell(tenant.id);
    await deliver();
    await deliver();
    expect(receiver.received).toHaveLength(2);
    expect(published(tenant.id)).toHaveLength(1);
    works(receiver);
    await deliver(5);
    expect(receiver.received).toHaveLength(3);
    expect(published(tenant.id)).toHaveLength(1);
    expect(await show(tenant)).toMatchObject({ waiting_notifications: 0 });
  });

  it('that refuses access is a failure, with the error in words', async () => {
    const tenant = await rig.tenant();
    await withAccount(tenant.id);
    await set(tenant, { topic_arn: topic(), digest_minutes: 0 });
    rig.controlPlane.sns.permits = () => false;
    await tell(tenant.id);
    await deliver();
    rig.controlPlane.sns.permits = () => true;
    expect(await show(tenant)).toMatchObject({
      last_error: 'SNS refused: AuthorizationErrorException',
      consecutive_failures: 1,
    });
  });

  it('whose account is no longer the tenant’s gets nothing, and what waits is not lost', async () => {
    const tenant = await rig.tenant();
    await withAccount(tenant.id);
    await deliver();
    await set(tenant, { topic_arn: topic(), digest_minutes: 0 });
    await rig.asAdmin('PUT', `/api/admin/clients/${tenant.id}/aws-access`, {
      aws_account_id: '210987654321',
      role_arn: null,
    });
    const path = `/api/client/${tenant.id}/webhook/test`;
    const error = "the topic is not in the tenant's AWS account, 210987654321";
    expect((await rig.request('POST', path, { token: tenant.token })).body).toMatchObject({
      success: false,
      topic: { status: null, error },
    });
    await deliver();
    expect(published(tenant.id)).toEqual([]);
    expect(await show(tenant)).toMatchObject({ last_error: error, waiting_notifications: 1 });
    await withAccount(tenant.id);
    await deliver();
    expect(published(tenant.id)).toHaveLength(1);
  });

  it.each([
    ['of another name', `arn:aws:sns:eu-west-1:${account}:alarms`, /SpotOptimizerNotifications/],
    ['that is FIFO', `${topic()}.fifo`, /SpotOptimizerNotifications/],
    ['that is a queue', `arn:aws:sqs:eu-west-1:${account}:SpotOptimizerNotifications`, /topic/],
  ])('%s is refused', async (_, topic_arn, problem) => {
    const tenant = await rig.tenant();
    await withAccount(tenant.id);
    const { status, body } = await set(tenant, { topic_arn });
    expect(status).toBe(400);
    expect(body.details.topic_arn[0]).toMatch(problem);
    expect((await show(tenant)).code).toBe('webhook_not_found');
  });

  it('of another account is refused', async () => {
    const tenant = await rig.tenant();
    await withAccount(tenant.id);
    const { status, body } = await set(tenant, { topic_arn: topic('999999999999') });
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'topic_of_another_account' });
    expect(body.details.topic_arn).toEqual([
      'belongs to account 999999999999; it must belong to your own, 123456789012',
    ]);
    expect((await show(tenant)).code).toBe('webhook_not_found');
  });

  it('of a tenant whose account has not been entered is refused', async () => {
    const { status, body } = await set(await rig.tenant(), { topic_arn: topic() });
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'topic_of_another_account' });
    expect(body.details.topic_arn[0]).toMatch(/operator/);
  });
});
