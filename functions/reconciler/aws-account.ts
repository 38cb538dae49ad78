import type { EC2Client } from '@aws-sdk/client-ec2';
import { record } from '../core/event/events.ts';
import type { AwsAccess } from '../core/tenant/aws-access.ts';
import { readLookups, roleItself, saveLookup } from '../core/tenant/aws-lookups.ts';
import { accountOf } from '../core/tenant/role-arn.ts';
import type { Db } from '../shared/db.ts';
import { logger } from '../shared/logger.ts';
import type { AwsLookup } from '../shared/schema.ts';
import { dayOf, hourMs, minuteMs, msAfter, msBetween } from '../shared/time.ts';
import { AwsFailure, assumeRole, type Credentials, openEc2 } from './aws.ts';
import { failureMessage, serviceOf } from './failure-message.ts';

const longestPauseMs = hourMs;
/** The tenant is not notified of a failure that passes by itself until it has lasted this long. */
const passingMs = hourMs;

export type Answer<T> = { readonly answer: T } | { readonly nextAt: Date };

/** A tenant's AWS account, for one run. */
export interface Account {
  /** Whether the role belongs to the account that the tenant's instances are in. */
  readonly isOwn: boolean;
  /** Asks EC2 in a region. If the region is paused after failures, or the call fails, it returns when to ask again. */
  readonly ask: <T>(region: string, question: (ec2: EC2Client) => Promise<T>) => Promise<Answer<T>>;
}

/**
 * Opens a tenant's account. The role is assumed once, when first needed. The outcome in each region is stored, and each
 * failure lengthens the pause before the next call. The tenant is notified at once of a failure that somebody has to
 * fix.
 * @returns `undefined` if the tenant has given no access
 */
export async function openAccount(db: Db, tenant: AwsAccess, now: Date): Promise<Account | undefined> {
  const { clientId, awsAccountId, awsRoleArn, awsExternalId } = tenant;
  if (awsRoleArn === null || awsExternalId === null) return undefined;
  const rows = await readLookups(db, clientId);
  const attempt = async <T>(region: string, call: () => Promise<T>): Promise<Answer<T>> => {
    const before = rows.find((row) => row.region === region) ?? { ...untried, clientId, region };
    if (before.nextAt && before.nextAt > now) return { nextAt: before.nextAt };
    try {
      const answer = await call();
      await succeeded(db, before, now);
      return { answer };
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error;
      return { nextAt: await failed(db, { roleArn: awsRoleArn, before, failure: error }, now) };
    }
  };
  let role: Promise<Answer<Credentials>> | undefined;
  return {
    isOwn: accountOf(awsRoleArn) === awsAccountId,
    ask: async (region, question) => {
      role ??= attempt(roleItself, () => assumeRole(awsRoleArn, awsExternalId));
      const assumed = await role;
      if ('nextAt' in assumed) return assumed;
      return attempt(region, async () => {
        const ec2 = openEc2(region, assumed.answer);
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
  if (before.region === roleItself && before.failures === 0 && !before.notifiedAt) return; // the region's row says so
  if (before.notifiedAt)
    await record(
      db,
      {
        clientId: before.clientId,
        type: 'aws_access_restored',
        severity: 'info',
        message: `Terminations can be verified again: ${serviceOf(before.region)} responds`,
        notify: true,
        dedupeKey: `aws_access_restored:${before.clientId}:${before.region}:${before.notifiedAt.getTime()}`,
      },
      now,
    );
  await saveLookup(db, { ...before, ...untried, checkedAt: now });
}

interface Failed {
  readonly roleArn: string;
  readonly before: AwsLookup;
  readonly failure: AwsFailure;
}

/** @returns when it may be asked again: after 1, 2, 4, … minutes, at most an hour */
async function failed(db: Db, { roleArn, before, failure }: Failed, now: Date): Promise<Date> {
  const { clientId, region } = before;
  logger.warn('AWS did not answer', { clientId, region, error: failure });
  const failingSince = before.failingSince ?? now;
  const nextAt = msAfter(now, Math.min(minuteMs * 2 ** before.failures, longestPauseMs));
  const error = failureMessage(failure, { roleArn, region });
  const notifies = !failure.isPassing || msBetween(failingSince, now) >= passingMs;
  if (notifies)
    await record(
      db,
      {
        clientId,
        type: 'aws_access_failed',
        severity: failure.isPassing ? 'warning' : 'error',
        message: `Cannot verify that instances were terminated: ${error}`,
        metadata: { code: failure.code, region, failing_since: failingSince },
        notify: true,
        dedupeKey: `aws_access_failed:${clientId}:${region}:${failingSince.getTime()}:${dayOf(now)}`,
      },
      now,
    );
  const failures = before.failures + 1;
  const notifiedAt = notifies ? now : before.notifiedAt;
  await saveLookup(db, { ...before, failures, failingSince, nextAt, error, notifiedAt });
  return nextAt;
}
