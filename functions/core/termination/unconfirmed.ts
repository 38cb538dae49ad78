import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import type { InstanceStatus, Mode } from '../../shared/schema.ts';
import { minuteMs, msBefore } from '../../shared/time.ts';
import { regionToAsk } from '../pool/region.ts';
import type { AwsAccess } from '../tenant/aws-access.ts';

/** How long agents have to terminate an instance (protocol X3) before EC2 is asked whether they did. */
const graceMs = 5 * minuteMs;

/** Instances per run: as many as one DescribeInstances call takes. The next run, a minute later, takes the rest. */
const batch = 200;

/** What the reconciler's rules need to know about an instance that should be gone. */
export interface DueInstance {
  readonly id: string;
  readonly clientId: string;
  readonly agentId: string;
  readonly logicalAgentId: string;
  /** The region in which to ask EC2; `undefined` if neither zone nor region has the shape of one. */
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
 * When an instance was due to be gone: after its wait, as in `terminationPolicy`. It is repeated in SQL because rows
 * are filtered and sorted by it.
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
 * Instances that should be gone by now, are not confirmed gone and are due for a check, with their tenants' AWS access.
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
 * A tenant's instances that should be gone by now but are not confirmed gone, longest due first, and how many there
 * are. Replaced instances that the tenant keeps are left out. One statement.
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
