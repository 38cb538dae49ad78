import type { Db } from '../../shared/db.ts';
import { minuteMs, msBefore } from '../../shared/time.ts';

/**
 * From when to when after its claim EC2 is asked about a launch: before, what was launched may still register; after, it is
 * no longer worth asking.
 */
const askedMs = { from: 20 * minuteMs, until: 80 * minuteMs };

const batch = 20;

export type LostLaunch = Awaited<ReturnType<typeof readLostLaunches>>[number];

/**
 * Launches of standbys that an agent took and never reported, in accounts that we may look into, and that EC2 was not asked
 * about yet. An instance may have come of them, which nobody knows. One statement.
 */
export const readLostLaunches = (db: Db, now: Date) =>
  db
    .selectFrom('replicaInstances as r')
    .innerJoin('clients as c', 'c.id', 'r.clientId')
    .select(['r.id', 'r.clientId', 'r.agentId', 'r.instanceType', 'r.region', 'r.az'])
    .select((eb) => eb.ref('r.launchClaimedAt').$notNull().as('claimedAt'))
    .select(['c.awsAccountId', 'c.awsRoleArn', 'c.awsExternalId'])
    .where('r.launchClaimedAt', '>', msBefore(now, askedMs.until))
    .where('r.launchClaimedAt', '<=', msBefore(now, askedMs.from))
    .where('r.status', '=', 'failed')
    .where('r.instanceId', 'is', null)
    .where('r.ec2CheckedAt', 'is', null)
    .where('c.awsRoleArn', 'is not', null)
    .orderBy('r.launchClaimedAt')
    .limit(batch)
    .execute();

/** EC2 was asked about a launch: once is enough. */
export async function markChecked(db: Db, { id, clientId }: { id: string; clientId: string }, now: Date) {
  await db
    .updateTable('replicaInstances')
    .set({ ec2CheckedAt: now })
    .where('id', '=', id)
    .where('clientId', '=', clientId)
    .execute();
}
