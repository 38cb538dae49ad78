import type { EC2Client } from '@aws-sdk/client-ec2';
import { record } from '../core/event/events.ts';
import type { Tenant } from '../core/termination/due.ts';
import type { Db } from '../shared/db.ts';
import { accountOf } from '../shared/fields.ts';
import { logger } from '../shared/logger.ts';
import type { AwsLookup } from '../shared/schema.ts';
import { AwsFailure, assumeRole, type Credentials, openEc2 } from './aws.ts';
import { failureInWords, roleItself } from './failure-message.ts';
import { dayOf } from './notify.ts';

const minuteMs = 60_000;
const longestPauseMs = 60 * minuteMs;
/** What passes by itself is no matter of the tenant's until it has gone on for this long. */
const passingMs = 60 * minuteMs;

export type Answer<T> = { readonly answer: T } | { readonly nextAt: Date };

/** A tenant's AWS account, for one run. */
export interface Account {
  /** Whether the role is in the account that the tenant's machines are in. */
  readonly isOwn: boolean;
  /** Asks EC2 in a region, unless it is to be left alone for now: then, or when it fails, it says until when. */
  readonly ask: <T>(region: string, question: (ec2: EC2Client) => Promise<T>) => Promise<Answer<T>>;
}

/**
 * Opens a tenant's account. The role is taken on once, when it is first needed. How each region answers is kept, with a
 * growing pause after each failure; a failure that somebody has to put right is told at once.
 * @returns `undefined` where the tenant has given no access
 */
export async function openAccount(db: Db, tenant: Tenant, now: Date): Promise<Account | undefined> {
  const { clientId, awsAccountId, awsRoleArn, awsExternalId } = tenant;
  if (awsRoleArn === null || awsExternalId === null) return undefined;
  const rows = await db.selectFrom('awsLookups').selectAll().where('clientId', '=', clientId).execute();
  const attempt = async <T>(region: string, call: () => Promise<T>): Promise<Answer<T>> => {
    const before = rows.find((row) => row.region === region) ?? { ...untried, clientId, region };
    if (before.nextAt && before.nextAt > now) return { nextAt: before.nextAt };
    try {
      const answer = await call();
      await succeeded(db, before, now);
      return { answer };
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error;
      return { nextAt: await failed(db, awsRoleArn, before, error, now) };
    }
  };
  let role: Promise<Answer<Credentials>> | undefined;
  return {
    isOwn: accountOf(awsRoleArn) === awsAccountId,
    ask: async (region, question) => {
      role ??= attempt(roleItself, () => assumeRole(awsRoleArn, awsExternalId));
      const taken = await role;
      if ('nextAt' in taken) return taken;
      return attempt(region, async () => {
        const ec2 = openEc2(region, taken.answer);
        try {
          return await question(ec2);
        } finally {
          ec2.destroy();
        }
      });
    },
  };
}

const untried = { checkedAt: null, failures: 0, failingSince: null, nextAt: null, error: null, notifiedAt: null };

async function succeeded(db: Db, before: AwsLookup, now: Date): Promise<void> {
  if (before.region === roleItself && before.failures === 0 && !before.notifiedAt) return; // as ever: the region's row says so
  if (before.notifiedAt)
    await record(db, now, {
      clientId: before.clientId,
      type: 'aws_access_restored',
      severity: 'info',
      message: `It can be seen again whether machines are gone: ${placeOf(before)} answers`,
      notify: true,
      dedupeKey: `aws_access_restored:${before.clientId}:${before.region}:${before.notifiedAt.getTime()}`,
    });
  await keep(db, { ...before, ...untried, checkedAt: now });
}

/** @returns when it may be asked again: after 1, 2, 4, … minutes, at most an hour */
async function failed(db: Db, roleArn: string, before: AwsLookup, failure: AwsFailure, now: Date): Promise<Date> {
  logger.warn('AWS did not answer', { clientId: before.clientId, region: before.region, error: failure });
  const failingSince = before.failingSince ?? now;
  const nextAt = new Date(now.getTime() + Math.min(minuteMs * 2 ** before.failures, longestPauseMs));
  const error = failureInWords(failure, { roleArn, region: before.region });
  const isTold = !failure.isPassing || now.getTime() - failingSince.getTime() >= passingMs;
  if (isTold)
    await record(db, now, {
      clientId: before.clientId,
      type: 'aws_access_failed',
      severity: failure.isPassing ? 'warning' : 'error',
      message: `It cannot be seen whether machines are gone: ${error}`,
      metadata: { code: failure.code, region: before.region, failing_since: failingSince },
      notify: true,
      dedupeKey: `aws_access_failed:${before.clientId}:${before.region}:${failingSince.getTime()}:${dayOf(now)}`,
    });
  const failures = before.failures + 1;
  await keep(db, { ...before, failures, failingSince, nextAt, error, notifiedAt: isTold ? now : before.notifiedAt });
  return nextAt;
}

const placeOf = ({ region }: AwsLookup) => (region === roleItself ? 'STS' : `EC2 in ${region}`);

const keep = (db: Db, { clientId, region, ...row }: AwsLookup) =>
  db
    .insertInto('awsLookups')
    .values({ clientId, region, ...row })
    .onDuplicateKeyUpdate(row)
    .execute();
