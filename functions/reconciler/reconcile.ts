import { type DueMachine, dueMachines, eachTenant, type Tenant } from '../core/termination/due.ts';
import { confirmTerminations, maxAttempts } from '../core/termination/terminations.ts';
import type { Db } from '../shared/db.ts';
import { forEachIsolated } from '../shared/for-each-isolated.ts';
import { describeMachines } from './aws.ts';
import { type Account, openAccount } from './aws-account.ts';
import { tellStillRunning, tellUnconfirmed } from './notify.ts';
import { reportOrphans } from './orphans.ts';
import { isOverdue, judge, nextUnanswered, type Verdict } from './verdict.ts';

/** What a tenant may still take when it is begun: STS and EC2, both hanging, and the database. */
const reserveMs = 40_000;

/**
 * Holds the machines that should be gone against what EC2 says of them. The agents terminate machines (contract X3); here
 * is seen whether they did, and nothing is ever ended. A run that is repeated, late or killed does no harm.
 * @param now the schedule's time, not the clock's
 */
export async function reconcileMachines(db: Db, now: Date, remaining: () => number): Promise<number> {
  const due = Map.groupBy(await dueMachines(db, now), ({ clientId }) => clientId);
  const hasTime = () => remaining() > reserveMs;
  const checkTenant = ([, machines]: [string, (DueMachine & Tenant)[]]) =>
    reconcileTenant(db, machines, now, hasTime).catch(async (error) => {
      await postpone(db, machines, now, now); // behind all others, so that a tenant who fails for ever cannot fill every batch
      throw error;
    });
  const checked = await forEachIsolated('reconciliation', [...due], checkTenant, eachTenant(hasTime));
  const orphans = hasTime() ? await reportOrphans(db, now, hasTime) : 0;
  return checked + orphans;
}

/** The machines of one tenant, region by region. @returns how many were seen to be gone */
async function reconcileTenant(
  db: Db,
  machines: readonly (DueMachine & Tenant)[],
  now: Date,
  hasTime: () => boolean,
): Promise<number> {
  const account = await openAccount(db, machines[0]!, now);
  if (!account) {
    await setAside(db, machines, noAccess, now);
    return 0;
  }
  let gone = 0;
  for (const [region, those] of Map.groupBy(machines, (machine) => machine.region)) {
    if (!hasTime()) break; // the next run begins with what is left
    if (region === undefined) await setAside(db, those, 'its agent named no region where EC2 could be asked', now);
    else gone += await reconcileRegion(db, account, region, those, now);
  }
  return gone;
}

const noAccess =
  'we have no access to look for it. Give us some (docs/overview.md, "What has to go"), or see for yourself that it is gone';

/** Nobody can be asked about these: from when it matters on, the tenant is told so. */
async function setAside(db: Db, machines: readonly DueMachine[], why: string, now: Date): Promise<void> {
  const told = machines.filter((machine) => !machine.isKept && isOverdue(machine, now));
  await tellUnconfirmed(db, told, () => why, now);
  for (const those of Map.groupBy(machines, (machine) => nextUnanswered(machine, now).getTime()).values())
    await postpone(db, those, nextUnanswered(those[0]!, now), now);
}

async function reconcileRegion(
  db: Db,
  account: Account,
  region: string,
  machines: readonly (DueMachine & Tenant)[],
  now: Date,
): Promise<number> {
  const ids = machines.map(({ id }) => id);
  const asked = await account.ask(region, (ec2) => describeMachines(ec2, { 'instance-id': ids }));
  if ('nextAt' in asked) {
    await postpone(db, machines, asked.nextAt, now);
    return 0;
  }
  const seen = new Map(asked.answer.map((machine) => [machine.id, machine]));
  const judged = machines.map((machine) => ({
    machine,
    verdict: judge(machine, seen.get(machine.id), { isOwnAccount: account.isOwn, now }),
  }));
  const gone = judged.flatMap(({ machine, verdict }) =>
    verdict.kind === 'gone' ? [{ ...machine, instanceId: machine.id, at: verdict.at }] : [],
  );
  await confirmTerminations(db, gone, now);
  const there = judged.flatMap(({ machine, verdict }) => (verdict.kind === 'there' ? [{ machine, verdict }] : []));
  await tellOfThose(db, there, region, now);
  await keepAnswers(db, there, now);
  return gone.length;
}

interface StillThere {
  readonly machine: DueMachine;
  readonly verdict: Extract<Verdict, { kind: 'there' }>;
}

async function tellOfThose(db: Db, there: readonly StillThere[], region: string, now: Date): Promise<void> {
  const told = there.filter(({ verdict }) => verdict.isTold);
  const [unknown, known] = [told.filter(isUnknown), told.filter((one) => !isUnknown(one))];
  await tellStillRunning(
    db,
    known.map(({ machine, verdict }) => ({ ...machine, state: verdict.state })),
    now,
  );
  await tellUnconfirmed(
    db,
    unknown.map(({ machine }) => machine),
    ({ lastSeenAt }) =>
      `EC2 does not know it in ${region} of the account that our role is in; its agent last called ${lastSeenAt?.toISOString() ?? 'never'}`,
    now,
  );
}

const isUnknown = ({ verdict }: StillThere) => verdict.state === 'not-found';

/**
 * Keeps what EC2 said, and when to ask next: a statement for all machines of which the same is true. An agent that has
 * used up its tries to terminate one of them gets one more, so that it is asked on, slowly.
 */
async function keepAnswers(db: Db, there: readonly StillThere[], now: Date): Promise<void> {
  const alike = Map.groupBy(there, ({ verdict: { state, nextCheckAt } }) => `${state} ${nextCheckAt.getTime()}`);
  for (const those of alike.values()) {
    const { state, nextCheckAt } = those[0]!.verdict;
    const machines = those.map(({ machine }) => machine);
    await updateUnchecked(db, machines, now)
      .set((eb) => ({
        ec2State: state,
        ec2CheckedAt: now,
        ec2NextCheckAt: nextCheckAt,
        ec2Checks: eb('ec2Checks', '+', 1),
        terminationAttempts: eb.fn<number>('least', ['terminationAttempts', eb.val(maxAttempts - 1)]),
      }))
      .execute();
  }
}

async function postpone(db: Db, machines: readonly DueMachine[], until: Date, now: Date): Promise<void> {
  await updateUnchecked(db, machines, now).set({ ec2NextCheckAt: until }).execute();
}

/** Of machines that this run has not yet kept an answer about: of a statement that is repeated, the second does nothing. */
const updateUnchecked = (db: Db, machines: readonly DueMachine[], now: Date) =>
  db
    .updateTable('instances')
    .where(
      'id',
      'in',
      machines.map(({ id }) => id),
    )
    .where('clientId', '=', machines[0]!.clientId)
    .where((eb) => eb.or([eb('ec2CheckedAt', 'is', null), eb('ec2CheckedAt', '<', now)]));
