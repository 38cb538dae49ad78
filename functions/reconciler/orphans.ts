import { record } from '../core/event/events.ts';
import { type LostLaunch, markChecked, readLostLaunches } from '../core/failover/orphan-launches.ts';
import { regionToAsk } from '../core/pool/region.ts';
import type { Db } from '../shared/db.ts';
import { minuteMs, msBetween } from '../shared/time.ts';
import { describeInstances, type FoundInstance } from './aws.ts';
import { openAccount } from './aws-account.ts';
import { eachTenant } from './each-tenant.ts';

/** An agent that takes a launch performs it within this time, or never. */
const launchMs = 10 * minuteMs;
/** At most this many are reported: more are a fleet of the tenant's own. */
const mostSuspects = 5;

/**
 * Looks for the instances of launches that an agent took and never reported: instances of that type and zone, launched
 * at that time, that belong to no agent. The tenant is notified; the instances are left alone.
 * @returns how many such launches there were
 */
export async function reportOrphans(db: Db, now: Date, hasTime: () => boolean): Promise<number> {
  const lookInto = async (launches: readonly [LostLaunch, ...LostLaunch[]]) => {
    const account = await openAccount(db, launches[0], now);
    for (const launch of launches) {
      const region = regionToAsk(launch);
      if (!account || region === undefined) continue;
      const asked = await account.ask(region, (ec2) =>
        describeInstances(ec2, {
          'instance-type': [launch.instanceType],
          'availability-zone': [launch.az],
          'instance-state-name': ['pending', 'running'],
        }),
      );
      if ('nextAt' in asked) continue; // the next run asks again, if it is not too late
      await notifyOfSuspects(db, launch, asked.answer, now);
      await markChecked(db, launch, now);
    }
    return launches.length;
  };
  return eachTenant('looking for orphans', await readLostLaunches(db, now), lookInto, hasTime);
}

async function notifyOfSuspects(db: Db, launch: LostLaunch, found: readonly FoundInstance[], now: Date) {
  const { claimedAt } = launch;
  const then = found.filter(
    ({ launchedAt }) => launchedAt >= claimedAt && msBetween(claimedAt, launchedAt) <= launchMs,
  );
  if (then.length === 0) return;
  const ids = then.map(({ id }) => id);
  const known = await db.selectFrom('instances').select('id').where('id', 'in', ids).execute();
  const suspects = then.filter(({ id }) => !known.some((one) => one.id === id)).slice(0, mostSuspects);
  await record(
    db,
    suspects.map(({ id, launchedAt }) => ({
      clientId: launch.clientId,
      agentId: launch.agentId,
      instanceId: id,
      type: 'suspected_orphan',
      severity: 'warning' as const,
      message: `Instance ${id} (${launch.instanceType} in ${launch.az}) was launched at ${launchedAt.toISOString()}, when an agent launched a standby and did not report it. If it is not yours, terminate it`,
      metadata: { replicaId: launch.id, launched_at: launchedAt },
      notify: true,
      dedupeKey: `suspected_orphan:${id}`,
    })),
    now,
  );
}
