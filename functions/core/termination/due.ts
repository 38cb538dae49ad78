import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import type { InstanceStatus, Mode } from '../../shared/schema.ts';

/** What is left to the agents, which terminate machines (contract X3), before EC2 is asked whether they did. */
const graceMs = 5 * 60_000;

/** Machines a run looks at: what one call of DescribeInstances may be asked. The next run, a minute later, takes the rest. */
const batch = 200;

/** What the rules have to know of a machine that should be gone. */
export interface DueMachine {
  readonly id: string;
  readonly clientId: string;
  readonly agentId: string;
  readonly logicalAgentId: string;
  /** Where EC2 is to be asked; `undefined` when neither zone nor region can be one. */
  readonly region: string | undefined;
  readonly instanceStatus: InstanceStatus;
  readonly currentMode: Mode;
  readonly spotPrice: string | null;
  readonly ondemandPrice: string | null;
  readonly lastSeenAt: Date | null;
  readonly ec2Checks: number;
  readonly dueAt: Date;
  /** A replaced machine of an agent that terminates none: the tenant keeps it on purpose. */
  readonly isKept: boolean;
}

/** Tenants at a time, one whose calls hang holds few others up; and a log names a tenant without what is secret of it. */
export const eachTenant = (hasTime: () => boolean) => ({
  atOnce: 5,
  hasTime,
  name: ([clientId]: readonly [string, unknown]) => ({ clientId }),
});

/** Whose machines they are, and how EC2 is asked about them. */
export interface Tenant {
  readonly clientId: string;
  readonly awsAccountId: string | null;
  readonly awsRoleArn: string | null;
  readonly awsExternalId: string | null;
}

/** Since when a machine should be gone, by its row and its agent's (`i` and `a`): its wait is over (contract X3). */
export const dueAt = sql<Date>`COALESCE(IF(i.instance_status = 'zombie',
  TIMESTAMPADD(SECOND, a.terminate_wait_seconds, i.zombie_at), i.terminated_at), i.created_at)`;

/** The machines that should be gone by now, that nobody has seen to be, and whose next check is due. One statement. */
export async function dueMachines(db: Db, now: Date): Promise<(DueMachine & Tenant)[]> {
  const rows = await db
    .selectFrom('instances as i')
    .innerJoin('agents as a', (join) => join.onRef('a.id', '=', 'i.agentId').onRef('a.clientId', '=', 'i.clientId'))
    .innerJoin('clients as c', 'c.id', 'i.clientId')
    .select(['i.id', 'i.clientId', 'i.agentId', 'i.region', 'i.az', 'i.instanceStatus', 'i.currentMode', 'i.spotPrice'])
    .select(['i.ondemandPrice', 'i.lastSeenAt', 'i.ec2Checks', 'a.logicalAgentId', 'a.autoTerminateEnabled'])
    .select(['c.awsAccountId', 'c.awsRoleArn', 'c.awsExternalId', dueAt.as('dueAt')])
    .where('i.terminationConfirmed', '=', false)
    .where('i.instanceStatus', 'in', ['zombie', 'terminated'])
    .where('i.isPrimary', '=', false)
    .where((eb) => eb.or([eb('i.ec2NextCheckAt', 'is', null), eb('i.ec2NextCheckAt', '<=', now)]))
    .where(dueAt, '<=', new Date(now.getTime() - graceMs))
    .orderBy('i.ec2NextCheckAt')
    .orderBy('i.id')
    .limit(batch)
    .execute();
  return rows.map(({ region, az, autoTerminateEnabled, ...row }) => ({
    ...row,
    region: regionOf(az) ?? regionOf(region),
    isKept: row.instanceStatus === 'zombie' && !autoTerminateEnabled,
  }));
}

/**
 * The region that a zone or region lies in. The zone is believed first: agents take the region from their environment, and
 * the zone from the machine (contract A1). What has not the shape of a region's name must not become part of a host name.
 */
export const regionOf = (place: string | null): string | undefined =>
  /^([a-z]{2}(?:-[a-z]{2,9}){1,2}-\d)(?:[a-z]|-[a-z]{3}-\d[a-z])?$/.exec(place ?? '')?.[1];
