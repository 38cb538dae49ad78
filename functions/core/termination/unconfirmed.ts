import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import type { InstanceStatus, Mode } from '../../shared/schema.ts';
import { minuteMs, msBefore } from '../../shared/time.ts';
import { regionToAsk } from '../pool/region.ts';
import type { AwsAccess } from '../tenant/aws-access.ts';

/** How long the agents, which terminate instances (protocol X3), are given before EC2 is asked whether they did. */
const graceMs = 5 * minuteMs;

/** Instances per run: what one call of DescribeInstances takes. The next run, a minute later, takes the rest. */
const batch = 200;

/** What the reconciler's rules have to know of an instance that should be gone. */
export interface DueInstance {
  readonly id: string;
  readonly clientId: string;
  readonly agentId: string;
  readonly logicalAgentId: string;
  /** Where to ask EC2; `undefined` when neither zone nor region can be one. */
  readonly region: string | undefined;
  readonly instanceStatus: InstanceStatus;
  readonly currentMode: Mode;
  readonly spotPrice: string | null;
  readonly ondemandPrice: string | null;
  readonly lastSeenAt: Date | null;
  readonly ec2Checks: number;
  readonly dueAt: Date;
  /** A replaced instance of an agent with auto-terminate off: the tenant keeps it on purpose. */
  readonly isKept: boolean;
}

/**
 * When an instance was to be gone: once its wait was over, as in `terminationPolicy`. It is SQL too, since candidates are
 * ordered by it and cut off.
 */
const dueAt = sql<Date>`COALESCE(IF(i.instance_status = 'zombie',
  TIMESTAMPADD(SECOND, a.terminate_wait_seconds, i.zombie_at), i.terminated_at), i.created_at)`;

const selectUnconfirmed = (db: Db) =>
  db
    .selectFrom('instances as i')
    .innerJoin('agents as a', (join) => join.onRef('a.id', '=', 'i.agentId').onRef('a.clientId', '=', 'i.clientId'))
    .where('i.terminationConfirmed', '=', false)
    .where('i.instanceStatus', 'in', ['zombie', 'terminated'])
    .where('i.isPrimary', '=', false)
    .select(['i.id', 'i.clientId', 'i.agentId', 'a.logicalAgentId', 'i.region', 'i.az', dueAt.as('dueAt')]);

/**
 * The instances that should be gone by now, are not confirmed to be, and whose next check is due, with their tenants' access.
 * One statement.
 */
export async function instancesToCheck(db: Db, now: Date): Promise<(DueInstance & AwsAccess)[]> {
  const rows = await selectUnconfirmed(db)
    .innerJoin('clients as c', 'c.id', 'i.clientId')
    .select(['i.instanceStatus', 'i.currentMode', 'i.spotPrice', 'i.ondemandPrice', 'i.lastSeenAt', 'i.ec2Checks'])
    .select(['a.autoTerminateEnabled', 'c.awsAccountId', 'c.awsRoleArn', 'c.awsExternalId'])
    .where((eb) => eb.or([eb('i.ec2NextCheckAt', 'is', null), eb('i.ec2NextCheckAt', '<=', now)]))
    .where(dueAt, '<=', msBefore(now, graceMs))
    .orderBy('i.ec2NextCheckAt')
    .orderBy('i.id')
    .limit(batch)
    .execute();
  return rows.map(({ az, autoTerminateEnabled, ...row }) => ({
    ...row,
    region: regionToAsk({ region: row.region, az }),
    isKept: row.instanceStatus === 'zombie' && !autoTerminateEnabled,
  }));
}

/**
 * A tenant's instances that should be gone by now and are not confirmed to be, longest due first, and how many there are.
 * A replaced instance that the tenant keeps is none of them. One statement.
 */
export async function unconfirmedInstances(
  db: Db,
  { clientId, limit }: { clientId: string; limit: number },
  now: Date,
) {
  const rows = await selectUnconfirmed(db)
    .select(['i.instanceType', 'i.ec2State', 'i.ec2CheckedAt', 'i.ec2NextCheckAt', 'i.terminationAttempts'])
    .select(sql<number>`COUNT(*) OVER ()`.as('total'))
    .where('i.clientId', '=', clientId)
    .where((eb) => eb.or([eb('i.instanceStatus', '=', 'terminated'), eb('a.autoTerminateEnabled', '=', true)]))
    .where(dueAt, '<=', now)
    .orderBy('dueAt')
    .orderBy('i.id')
    .limit(limit)
    .execute();
  const instances = rows.map(({ total: _, ...row }) => ({ ...row, region: regionToAsk(row) ?? row.region }));
  return { instances, total: rows[0]?.total ?? 0 };
}
