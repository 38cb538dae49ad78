import type { AwsAccess } from '../core/tenant/aws-access.ts';
import { postponeChecks, saveEc2Answer } from '../core/termination/ec2-checks.ts';
import { confirmTerminations } from '../core/termination/terminations.ts';
import { type DueInstance, instancesToCheck } from '../core/termination/unconfirmed.ts';
import type { Db } from '../shared/db.ts';
import { inSteps } from '../shared/in-steps.ts';
import type { RunTime } from '../shared/run-time.ts';
import { iso } from '../shared/time.ts';
import { describeInstances } from './aws.ts';
import { type Account, openAccount } from './aws-account.ts';
import { eachTenant } from './each-tenant.ts';
import { replaceFailing } from './failed-checks.ts';
import { notifyStillRunning, notifyUnconfirmed } from './notify.ts';
import { reportOrphans } from './orphans.ts';
import { isOverdue, judge, nextUnanswered, type Verdict } from './verdict.ts';

/** The most time that a tenant takes once it is started: STS and EC2, both hanging, and the database. */
const reserveMs = 40_000;

/**
 * Asks EC2 about the instances that should be gone, and about primaries that are silent. Agents terminate instances
 * (protocol X3); this verifies it, and terminates nothing. A run that is repeated, late or killed does no harm.
 * @param now the schedule's time, not the clock's
 * @returns how many instances were confirmed, primaries replaced and launches looked into
 */
export async function reconcileInstances(db: Db, time: RunTime, now: Date): Promise<number> {
  const hasTime = () => time.hasTime(reserveMs);
  const checkTenant = (instances: readonly [Due, ...Due[]]) =>
    reconcileTenant(db, instances, now, hasTime).catch(async (error) => {
      await postpone(db, instances, now, now); // behind all others, so that a failing tenant cannot fill every batch
      throw error;
    });
  return inSteps(
    {
      'asking EC2 about instances': async () =>
        eachTenant('reconciliation', await instancesToCheck(db, now), checkTenant, hasTime),
      'replacing instances that fail': async () => (hasTime() ? replaceFailing(db, now, hasTime) : 0),
      'looking for orphans': async () => (hasTime() ? reportOrphans(db, now, hasTime) : 0),
    },
    time,
  );
}

type Due = DueInstance & AwsAccess;

/** Checks the instances of one tenant, region by region. @returns how many were confirmed */
async function reconcileTenant(
  db: Db,
  instances: readonly [Due, ...Due[]],
  now: Date,
  hasTime: () => boolean,
): Promise<number> {
  const account = await openAccount(db, instances[0], now);
  if (!account) {
    await setAside(db, instances, noAccess, now);
    return 0;
  }
  let confirmed = 0;
  for (const [region, those] of Map.groupBy(instances, (instance) => instance.region)) {
    if (!hasTime()) break; // the next run starts with the rest
    if (region === undefined) await setAside(db, those, noRegion, now);
    else confirmed += await reconcileRegion(db, { account, region, instances: those }, now);
  }
  return confirmed;
}

const noAccess =
  'we have no access to your AWS account. Give us access (docs/overview.md, "Instances that have to go"), or check for yourself that it is terminated';
const noRegion = 'its agent reported no region in which to ask EC2';

/** EC2 cannot be asked about these instances: once they are overdue, the tenant is notified. */
async function setAside(db: Db, instances: readonly DueInstance[], why: string, now: Date): Promise<void> {
  const overdue = instances.filter((instance) => !instance.isKept && isOverdue(instance, now));
  await notifyUnconfirmed(db, overdue, () => why, now);
  for (const those of Map.groupBy(instances, (instance) => nextUnanswered(instance, now).getTime()).values())
    await postpone(db, those, nextUnanswered(those[0]!, now), now);
}

async function reconcileRegion(
  db: Db,
  { account, region, instances }: { account: Account; region: string; instances: readonly Due[] },
  now: Date,
): Promise<number> {
  const ids = instances.map(({ id }) => id);
  const asked = await account.ask(region, (ec2) => describeInstances(ec2, { 'instance-id': ids }));
  if ('nextAt' in asked) {
    await postpone(db, instances, asked.nextAt, now);
    return 0;
  }
  const seen = new Map(asked.answer.map((instance) => [instance.id, instance]));
  const judged = instances.map((instance) => ({
    instance,
    verdict: judge(instance, { seen: seen.get(instance.id), isOwnAccount: account.isOwn }, now),
  }));
  const gone = judged.flatMap(({ instance, verdict }) =>
    verdict.kind === 'gone' ? [{ ...instance, instanceId: instance.id, goneAt: verdict.at }] : [],
  );
  await confirmTerminations(db, gone, now);
  const there = judged.flatMap(({ instance, verdict }) => (verdict.kind === 'there' ? [{ instance, verdict }] : []));
  await notifyOfThose(db, there, region, now);
  await saveAnswers(db, there, now);
  return gone.length;
}

interface StillThere {
  readonly instance: DueInstance;
  readonly verdict: Extract<Verdict, { kind: 'there' }>;
}

async function notifyOfThose(db: Db, there: readonly StillThere[], region: string, now: Date): Promise<void> {
  const wanted = there.filter(({ verdict }) => verdict.notifies);
  const running = wanted.flatMap((one) =>
    isUnknown(one) ? [] : [{ instance: one.instance, state: one.verdict.state }],
  );
  await notifyStillRunning(db, running, now);
  await notifyUnconfirmed(
    db,
    wanted.filter(isUnknown).map(({ instance }) => instance),
    ({ lastSeenAt }) =>
      `EC2 does not know it in ${region} of the account of our role; its agent last called ${iso(lastSeenAt) ?? 'never'}`,
    now,
  );
}

const isUnknown = ({ verdict }: StillThere) => verdict.state === 'not-found';

/** One statement for all instances with the same state and next check. */
async function saveAnswers(db: Db, there: readonly StillThere[], now: Date): Promise<void> {
  const alike = Map.groupBy(there, ({ verdict: { state, nextCheckAt } }) => `${state} ${nextCheckAt.getTime()}`);
  for (const those of alike.values()) {
    const { state, nextCheckAt } = those[0]!.verdict;
    await saveEc2Answer(db, { ...idsOf(those.map(({ instance }) => instance)), state, nextCheckAt }, now);
  }
}

const postpone = (db: Db, instances: readonly DueInstance[], until: Date, now: Date) =>
  postponeChecks(db, { ...idsOf(instances), until }, now);

/** The ids of one tenant's instances; there is at least one. */
const idsOf = (instances: readonly DueInstance[]) => ({
  clientId: instances[0]!.clientId,
  ids: instances.map(({ id }) => id),
});
