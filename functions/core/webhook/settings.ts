import { type Db, type Tx, transact } from '../../shared/db.ts';
import { webhookEnv } from '../../shared/env.ts';
import { AppError, invalidField } from '../../shared/errors.ts';
import type { Severity, WebhookTable } from '../../shared/schema.ts';
import { dayMs, msAfter } from '../../shared/time.ts';
import { audit, type By } from '../event/audit.ts';
import { lockClient } from '../tenant/clients.ts';
import { newToken } from '../tenant/token-vault.ts';
import { accountIn, problemOf } from './addresses.ts';
import { type Sealed, sealWebhook, unsealWebhook } from './vault.ts';
import { webhookNotFound } from './webhooks.ts';

/** What to change; fields that are left out stay as they are, and `null` removes. */
export interface WebhookChanges {
  readonly url?: string | null | undefined;
  readonly topicArn?: string | null | undefined;
  readonly style?: WebhookTable['style'] | undefined;
  readonly minSeverity?: Severity | undefined;
  readonly digestMinutes?: number | undefined;
  readonly rotateSecret?: boolean | undefined;
}

type Settings = Pick<WebhookTable, 'host' | 'topicArn' | 'style' | 'minSeverity' | 'digestMinutes'>;

/** Settings of a new webhook. Five minutes turn a flood into one message, and are soon enough for a person. */
const usual: Settings = { host: null, topicArn: null, style: 'json', minSeverity: 'info', digestMinutes: 5 };

/** How long after a rotation the previous secret signs too. */
const bothSignMs = dayMs;

/** A tenant has one webhook, which has no id. */
export const targetId = 'webhook';

/**
 * Creates or changes a tenant's webhook (protocol N5): one transaction. Waiting messages are tried at once, because the
 * cause of their failures may have been fixed.
 * @returns the secret if a new one was made, which is shown now and never again
 * @throws AppError client_not_found, invalid_request, no_receiver, topic_of_another_account, unavailable
 */
export async function setWebhook(
  db: Db,
  { clientId, changes }: { readonly clientId: string; readonly changes: WebhookChanges },
  by: By,
  now: Date,
): Promise<string | null> {
  const url = changes.url ? checkedUrl(changes.url) : changes.url;
  const newSecret = newToken('webhook');
  return transact(db, async (tx) => {
    const { awsAccountId, before } = await lockWebhook(tx, clientId);
    const sealed = before && (await unsealWebhook(clientId, before.sealed));
    // If the stored secret is `newSecret`, an earlier attempt committed and its response was lost.
    const isNew = !sealed || (changes.rotateSecret === true && sealed.secret !== newSecret);
    const after = settingsAfter(before ?? usual, { ...changes, url });
    const unsealed = sealedAfter(sealed, { url, newSecret: isNew ? newSecret : undefined }, now);
    if (unsealed.url === null && after.topicArn === null)
      throw refusal('no_receiver', 'url', 'give a url, a topic_arn or both');
    if (changes.topicArn) requireAccount(changes.topicArn, awsAccountId);
    const isUrlChanged = unsealed.url !== (sealed?.url ?? null);
    if (before && !isNew && !isUrlChanged && isSame(before, after))
      return sealed.secret === newSecret ? newSecret : null;
    await write(tx, { clientId, ...after, sealed: await sealWebhook(clientId, unsealed) }, now);
    if (!before) await letTest(tx, clientId);
    const done = { action: before ? 'webhook_changed' : 'webhook_created', targetId };
    await audit(tx, by, { clientId, ...done, ...changeOf(before, after, { isUrlChanged, isSecretNew: isNew }) }, now);
    return isNew ? newSecret : null;
  });
}

/** @throws AppError invalid_request */
function checkedUrl(text: string): string {
  const problem = problemOf(text, { isLoopbackAllowed: webhookEnv().WEBHOOK_LOOPBACK === 'allowed' });
  if (problem) throw invalidField('url', problem);
  const url = new URL(text);
  url.hash = '';
  return url.href;
}

/** For settings that are valid, but do not fit the others or the tenant. */
const refusal = (code: 'no_receiver' | 'topic_of_another_account', field: string, problem: string) =>
  new AppError(code, `${field}: ${problem}`, { details: { [field]: [problem] } });

/** @throws AppError topic_of_another_account */
function requireAccount(topicArn: string, awsAccountId: string | null): void {
  const named = accountIn(topicArn);
  if (named === awsAccountId) return;
  const right = awsAccountId ?? 'which we do not know yet: ask an operator to set it';
  throw refusal(
    'topic_of_another_account',
    'topic_arn',
    `belongs to account ${named}; it must belong to your own, ${right}`,
  );
}

const settingsOf = ({ host, topicArn, style, minSeverity, digestMinutes }: Settings): Settings => ({
  host,
  topicArn,
  style,
  minSeverity,
  digestMinutes,
});

/** What the audit log says of a change: the settings that changed; of what is sealed, only that it changed. */
function changeOf(before: Settings | undefined, after: Settings, sealed: Readonly<Record<string, boolean>>) {
  const isChanged = ([name]: [string, unknown]) =>
    !before || before[name as keyof Settings] !== after[name as keyof Settings];
  const news = Object.entries(sealed).filter(([, isNew]) => isNew);
  const changed = Object.entries(settingsOf(after)).filter(isChanged);
  return {
    ...(before && { before: Object.fromEntries(Object.entries(settingsOf(before)).filter(isChanged)) }),
    after: Object.fromEntries([...changed, ...news]),
  };
}

const isSame = (a: Settings, b: Settings) => JSON.stringify(settingsOf(a)) === JSON.stringify(settingsOf(b));

const settingsAfter = (
  before: Settings,
  { url, topicArn, style, minSeverity, digestMinutes }: WebhookChanges,
): Settings => ({
  host: url === undefined ? before.host : url && new URL(url).host,
  topicArn: topicArn === undefined ? before.topicArn : topicArn,
  style: style ?? before.style,
  minSeverity: minSeverity ?? before.minSeverity,
  digestMinutes: digestMinutes ?? before.digestMinutes,
});

interface NewlySealed {
  readonly url: string | null | undefined;
  readonly newSecret: string | undefined;
}

function sealedAfter(sealed: Sealed | undefined, { url, newSecret }: NewlySealed, now: Date): Sealed {
  const previous = sealed && newSecret && { secret: sealed.secret, until: msAfter(now, bothSignMs).toISOString() };
  return {
    url: url === undefined ? (sealed?.url ?? null) : url,
    secret: newSecret ?? sealed!.secret,
    previous: previous || (sealed?.previous ?? null),
  };
}

/**
 * Locks the tenant, not its webhook: if there is none, that would lock the gap in the index, and transactions would
 * wait for each other.
 * @throws AppError client_not_found
 */
async function lockWebhook(tx: Tx, clientId: string) {
  const { awsAccountId } = await lockClient(tx, clientId, ['awsAccountId']);
  const before = await tx
    .selectFrom('webhooks')
    .select(['sealed', 'host', 'topicArn', 'style', 'minSeverity', 'digestMinutes'])
    .where('clientId', '=', clientId)
    .executeTakeFirst();
  return { awsAccountId, before };
}

type Written = Settings & Pick<WebhookTable, 'clientId' | 'sealed'>;

const write = (tx: Tx, webhook: Written, now: Date) =>
  tx
    .insertInto('webhooks')
    .values({ ...webhook, createdAt: now, updatedAt: now })
    .onDuplicateKeyUpdate((eb) => {
      const { clientId: _, ...changed } = webhook;
      const dueAt = eb.case().when('webhooks.dueAt', '>', now).then(now).else(eb.ref('webhooks.dueAt')).end();
      return { ...changed, dueAt, updatedAt: now };
    })
    .execute();

/** The time of the last test is kept apart from the webhook, and so holds for the tenant's next one too. */
const letTest = (tx: Tx, clientId: string) =>
  tx
    .insertInto('webhookTests')
    .values({ clientId, testedAt: null })
    .onDuplicateKeyUpdate((eb) => ({ clientId: eb.ref('webhookTests.clientId') }))
    .execute();

/**
 * Deletes a tenant's webhook and its queue (protocol N6), but not the time of its last test: one transaction.
 * @throws AppError webhook_not_found
 */
export async function deleteWebhook(db: Db, clientId: string, by: By, now: Date): Promise<void> {
  await transact(db, async (tx) => {
    const before = await tx
      .selectFrom('webhooks')
      .select(['host', 'topicArn', 'style', 'minSeverity', 'digestMinutes'])
      .where('clientId', '=', clientId)
      .forUpdate()
      .executeTakeFirst();
    if (!before) throw webhookNotFound();
    await tx.deleteFrom('webhooks').where('clientId', '=', clientId).execute();
    await tx.deleteFrom('webhookItems').where('clientId', '=', clientId).execute();
    await tx.deleteFrom('webhookMessages').where('clientId', '=', clientId).execute();
    await audit(tx, by, { clientId, action: 'webhook_deleted', targetId, before }, now);
  });
}
