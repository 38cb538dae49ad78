import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { type Db, type Tx, transact } from '../../shared/db.ts';
import { audit, type By } from '../event/audit.ts';
import { record } from '../event/events.ts';
import { clientNotFound, lockClient } from './clients.ts';

/** A tenant's AWS account, and the role that lets us look into it; `null` for what the tenant has not given. */
export interface AwsAccess {
  readonly clientId: string;
  readonly awsAccountId: string | null;
  readonly awsRoleArn: string | null;
  /** The external id in the role's trust policy. */
  readonly awsExternalId: string | null;
}

/**
 * A tenant's AWS access, and the state of look-ups in its account, by region.
 * @throws AppError client_not_found
 */
export async function readAwsAccess(db: Db, { clientId }: { clientId: string }) {
  const rows = await db
    .selectFrom('clients as c')
    .leftJoin('awsLookups as l', 'l.clientId', 'c.id')
    .select(['c.id as clientId', 'c.awsAccountId', 'c.awsRoleArn', 'c.awsExternalId'])
    .select(['l.region', 'l.checkedAt', 'l.error', 'l.failingSince', 'l.nextAt'])
    .where('c.id', '=', clientId)
    .where('c.deletedAt', 'is', null)
    .orderBy('l.region')
    .execute();
  const [access] = rows;
  if (!access) throw clientNotFound();
  const lookups = rows.flatMap(({ region, ...row }) => (region === null ? [] : [{ ...row, region }]));
  return { access: access satisfies AwsAccess, lookups };
}

interface NewAccess {
  readonly clientId: string;
  readonly awsAccountId: string;
  /** `null` removes the access. */
  readonly awsRoleArn: string | null;
}

/**
 * Sets a tenant's account and the role that lets us look into it: one transaction. Pauses after failures end, and the
 * next run looks for the tenant's instances, because the cause may have been fixed. The external id stays, because the
 * trust policy names it.
 * @returns the external id
 * @throws AppError client_not_found
 */
export async function setAwsAccess(db: Db, access: NewAccess, by: By, now: Date): Promise<string> {
  const { clientId, awsAccountId, awsRoleArn } = access;
  return transact(db, async (tx) => {
    const before = await lockClient(tx, clientId, ['awsAccountId', 'awsRoleArn', 'awsExternalId']);
    const awsExternalId = before.awsExternalId ?? randomUUID();
    await writeAccess(tx, { ...access, awsExternalId }, now);
    await record(
      tx,
      {
        clientId,
        type: 'aws_access_changed',
        severity: 'warning',
        message: awsRoleArn
          ? `From now on, terminations are verified with EC2 through ${awsRoleArn}`
          : 'From now on, terminations are not verified with EC2',
        notify: true,
        dedupeKey: `aws_access_changed:${clientId}:${now.getTime()}`,
      },
      now,
    );
    const change = {
      before: { awsAccountId: before.awsAccountId, awsRoleArn: before.awsRoleArn },
      after: { awsAccountId, awsRoleArn },
    };
    await audit(tx, by, { clientId, action: 'aws_access_set', ...change }, now);
    return awsExternalId;
  });
}

/** Sets columns of: clients, aws_lookups, instances. */
const writeAccess = (tx: Tx, { clientId, awsAccountId, awsRoleArn, awsExternalId }: AwsAccess, now: Date) =>
  sql`
    UPDATE clients AS c LEFT JOIN aws_lookups AS l ON l.client_id = c.id
      LEFT JOIN instances AS i ON i.client_id = c.id AND i.instance_status IN ('zombie', 'terminated')
        AND i.termination_confirmed = FALSE
    SET c.aws_account_id = ${awsAccountId}, c.aws_role_arn = ${awsRoleArn}, c.updated_at = ${now},
        c.aws_external_id = ${awsExternalId},
        l.failures = 0, l.failing_since = NULL, l.next_at = NULL, l.error = NULL, i.ec2_next_check_at = NULL
    WHERE c.id = ${clientId}`.execute(tx);
