import type { Db } from '../../shared/db.ts';
import { minuteMs, msBefore } from '../../shared/time.ts';

/**
 * EC2 is asked about a launch between these times after its claim. Earlier, the instance may still register; later, it
 * is no longer worth asking.
 */
const askedMs = { from: 20 * minuteMs, until: 80 * minuteMs };

const batch = 20;

export type LostLaunch = Awaited<ReturnType<typeof readLostLaunches>>[number];

/**
 * Failed standby launches that an agent claimed and never reported, in accounts with a role for us, and that EC2 was
 * not asked about yet. Each may have left an instance that nobody knows of. One statement.
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

/** Records that EC2 was asked about a launch: once is enough. */
export async function markChecked(db: Db, { id, clientId }: { id: string; clientId: string }, now: Date) {
  await db
    .updateTable('replicaInstances')
    .set({ ec2CheckedAt: now })
    .where('id', '=', id)
    .where('clientId', '=', clientId)
    .execute();
}
