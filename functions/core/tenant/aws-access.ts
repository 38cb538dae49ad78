import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { roleItself } from '../../reconciler/failure-message.ts';
import type { Db } from '../../shared/db.ts';
import { record } from '../event/events.ts';
import { dueAt, regionOf } from '../termination/due.ts';
import { clientNotFound } from './clients.ts';

/** As many machines as an answer lists; how many there are is in it too. */
const listed = 100;

/** How we look into a tenant's account and how that goes, and the machines to be looked for: two statements. */
export async function readAwsAccess(db: Db, { clientId, now }: { clientId: string; now: Date }) {
  const rows = await db
    .selectFrom('clients as c')
    .leftJoin('awsLookups as l', 'l.clientId', 'c.id')
    .select(['c.awsAccountId', 'c.awsRoleArn', 'c.awsExternalId'])
    .select(['l.region', 'l.checkedAt', 'l.error', 'l.failingSince', 'l.nextAt'])
    .where('c.id', '=', clientId)
    .orderBy('l.region')
    .execute();
  const [client] = rows;
  if (!client) throw clientNotFound();
  const machines = await machinesToGo(db, clientId, now);
  const answers = rows.flatMap(({ checkedAt }) => (checkedAt ? [checkedAt.getTime()] : []));
  return {
    client_id: clientId,
    aws_account_id: client.awsAccountId,
    role_arn: client.awsRoleArn,
    external_id: client.awsExternalId,
    checked_at: answers.length > 0 ? new Date(Math.max(...answers)).toISOString() : null,
    errors: rows.flatMap(({ region, error, failingSince, nextAt }) =>
      error === null
        ? []
        : [
            {
              region: region === roleItself ? null : region,
              error,
              failing_since: iso(failingSince),
              next_try_at: iso(nextAt),
            },
          ],
    ),
    machines: machines.map((machine) => ({
      id: machine.id,
      agent_id: machine.agentId,
      logical_agent_id: machine.logicalAgentId,
      region: regionOf(machine.az) ?? machine.region,
      instance_type: machine.instanceType,
      due_at: machine.dueAt.toISOString(),
      ec2_state: machine.ec2State,
      checked_at: iso(machine.ec2CheckedAt),
      next_check_at: iso(machine.ec2NextCheckAt),
      attempts: machine.terminationAttempts,
    })),
    machines_total: machines[0]?.total ?? 0,
  };
}

const iso = (time: Date | null) => time?.toISOString() ?? null;

/** Those that should be gone by now and have not been seen to be; a replaced one that the tenant keeps is none. */
function machinesToGo(db: Db, clientId: string, now: Date) {
  return db
    .selectFrom('instances as i')
    .innerJoin('agents as a', (join) => join.onRef('a.id', '=', 'i.agentId').onRef('a.clientId', '=', 'i.clientId'))
    .select(['i.id', 'i.agentId', 'a.logicalAgentId', 'i.region', 'i.az', 'i.instanceType', 'i.ec2State'])
    .select(['i.ec2CheckedAt', 'i.ec2NextCheckAt', 'i.terminationAttempts', dueAt.as('dueAt')])
    .select(sql<number>`COUNT(*) OVER ()`.as('total'))
    .where('i.clientId', '=', clientId)
    .where('i.instanceStatus', 'in', ['zombie', 'terminated'])
    .where('i.terminationConfirmed', '=', false)
    .where('i.isPrimary', '=', false)
    .where((eb) => eb.or([eb('i.instanceStatus', '=', 'terminated'), eb('a.autoTerminateEnabled', '=', true)]))
    .where(dueAt, '<=', now)
    .orderBy('dueAt')
    .orderBy('i.id')
    .limit(listed)
    .execute();
}

interface NewAccess {
  readonly clientId: string;
  readonly awsAccountId: string;
  /** `null`: we are to look no more. */
  readonly awsRoleArn: string | null;
  readonly now: Date;
}

/**
 * Sets the account and the role by which we look into it. Pauses after earlier failures are over at once, for what was
 * wrong may have been put right. The external id stays what it is: the trust policy names it.
 */
export async function setAwsAccess(db: Db, { clientId, awsAccountId, awsRoleArn, now }: NewAccess) {
  await sql`
    UPDATE clients AS c LEFT JOIN aws_lookups AS l ON l.client_id = c.id
      LEFT JOIN instances AS i ON i.client_id = c.id AND i.instance_status IN ('zombie', 'terminated')
        AND i.termination_confirmed = FALSE
    SET c.aws_account_id = ${awsAccountId}, c.aws_role_arn = ${awsRoleArn}, c.updated_at = ${now},
        c.aws_external_id = COALESCE(c.aws_external_id, ${randomUUID()}),
        l.failures = 0, l.failing_since = NULL, l.next_at = NULL, l.error = NULL, i.ec2_next_check_at = NULL
    WHERE c.id = ${clientId}`.execute(db);
  const client = await db.selectFrom('clients').select('awsExternalId').where('id', '=', clientId).executeTakeFirst();
  if (!client) throw clientNotFound();
  await record(db, now, {
    clientId,
    type: 'aws_access_changed',
    severity: 'warning',
    message: awsRoleArn
      ? `From now on EC2 is asked by ${awsRoleArn} whether machines are gone`
      : 'From now on EC2 is not asked whether machines are gone',
    notify: true,
    dedupeKey: `aws_access_changed:${clientId}:${now.getTime()}`,
  });
  return {
    success: true as const,
    aws_account_id: awsAccountId,
    role_arn: awsRoleArn,
    external_id: client.awsExternalId!,
  };
}
