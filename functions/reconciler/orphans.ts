import { record } from '../core/event/events.ts';
import { eachTenant, regionOf, type Tenant } from '../core/termination/due.ts';
import type { Db } from '../shared/db.ts';
import { forEachIsolated } from '../shared/for-each-isolated.ts';
import { describeMachines, type FoundMachine } from './aws.ts';
import { openAccount } from './aws-account.ts';

const minuteMs = 60_000;
/** An agent that took a launch and was never heard of again launched within this time, or never. */
const launchMs = 10 * minuteMs;
/** By then what was launched has registered, if it was anybody's; later EC2 is no longer asked. */
const askedMs = { from: 20 * minuteMs, until: 80 * minuteMs };
/** More than this is a fleet of the tenant's own. */
const mostSuspects = 5;

const batch = 20;

/**
 * Looks for the machines of launches that an agent took and was never heard of again: machines of that type and zone,
 * launched then, that are nobody's. The tenant is told; nothing is done to them.
 * @returns how many launches were looked into
 */
export async function reportOrphans(db: Db, now: Date, hasTime: () => boolean): Promise<number> {
  const lost = await lostLaunches(db, now);
  const byTenant = Map.groupBy(lost, ({ clientId }) => clientId);
  const lookInto = async ([, launches]: [string, (LostLaunch & Tenant)[]]) => {
    const account = await openAccount(db, launches[0]!, now);
    for (const launch of launches) {
      const region = regionOf(launch.az) ?? regionOf(launch.region);
      if (!account || region === undefined) continue;
      const asked = await account.ask(region, (ec2) =>
        describeMachines(ec2, {
          'instance-type': [launch.instanceType],
          'availability-zone': [launch.az],
          'instance-state-name': ['pending', 'running'],
        }),
      );
      if ('nextAt' in asked) continue; // the next run asks again, while it is time
      await tellOfSuspects(db, launch, asked.answer, now);
      await db
        .updateTable('replicaInstances')
        .set({ ec2CheckedAt: now })
        .where('id', '=', launch.id)
        .where('clientId', '=', launch.clientId)
        .execute();
    }
    return launches.length;
  };
  return forEachIsolated('looking for orphans', [...byTenant], lookInto, eachTenant(hasTime));
}

type LostLaunch = Awaited<ReturnType<typeof lostLaunches>>[number];

function lostLaunches(db: Db, now: Date) {
  const ago = (ms: number) => new Date(now.getTime() - ms);
  return db
    .selectFrom('replicaInstances as r')
    .innerJoin('clients as c', 'c.id', 'r.clientId')
    .select(['r.id', 'r.clientId', 'r.agentId', 'r.instanceType', 'r.region', 'r.az'])
    .select((eb) => eb.ref('r.launchClaimedAt').$notNull().as('claimedAt'))
    .select(['c.awsAccountId', 'c.awsRoleArn', 'c.awsExternalId'])
    .where('r.launchClaimedAt', '>', ago(askedMs.until))
    .where('r.launchClaimedAt', '<=', ago(askedMs.from))
    .where('r.status', '=', 'failed')
    .where('r.instanceId', 'is', null)
    .where('r.ec2CheckedAt', 'is', null)
    .where('c.awsRoleArn', 'is not', null)
    .orderBy('r.launchClaimedAt')
    .limit(batch)
    .execute();
}

async function tellOfSuspects(db: Db, launch: LostLaunch & Tenant, found: readonly FoundMachine[], now: Date) {
  const { claimedAt } = launch;
  const then = found.filter(
    ({ launchedAt }) => launchedAt >= claimedAt && launchedAt.getTime() - claimedAt.getTime() <= launchMs,
  );
  if (then.length === 0) return;
  const known = await db
    .selectFrom('instances')
    .select('id')
    .where(
      'id',
      'in',
      then.map(({ id }) => id),
    )
    .execute();
  const suspects = then.filter(({ id }) => !known.some((one) => one.id === id)).slice(0, mostSuspects);
  await record(
    db,
    now,
    ...suspects.map(({ id, launchedAt }) => ({
      clientId: launch.clientId,
      agentId: launch.agentId,
      instanceId: id,
      type: 'suspected_orphan',
      severity: 'warning' as const,
      message: `Machine ${id} (${launch.instanceType} in ${launch.az}) was launched at ${launchedAt.toISOString()}, when an agent launched a standby and was not heard of again. If it is none of yours, terminate it`,
      metadata: { replicaId: launch.id, launched_at: launchedAt },
      notify: true,
      dedupeKey: `suspected_orphan:${id}`,
    })),
  );
}
