import { type Db, type Tx, transact } from '../../shared/db.ts';
import { forEachIsolated } from '../../shared/for-each-isolated.ts';
import { sumOfPages } from '../../shared/pages.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { msBefore } from '../../shared/time.ts';
import { readHearing } from '../agent/hearing.ts';
import { standbyTimeoutMs } from '../agent/liveness.ts';
import { lockAgent } from '../agent/lock.ts';
import type { AgentState, Standby } from '../agent/state.ts';
import { record } from '../event/events.ts';
import { failStandby } from './fail-over.ts';
import { alarmMs, launchMs, maxUnheard, type Overdue, overdueOf } from './standby-policy.ts';
import { endStandby } from './standby-rows.ts';

const size = 100;

/** Ends standbys that failed to come up, fell silent or are no longer needed. @returns how many */
export function endOverdue(db: Db, time: RunTime, now: Date): Promise<number> {
  const read = (after: Candidate | undefined) => candidates(db, after, now);
  return sumOfPages({ read, size }, (page) => endEach(db, page, time, now), time);
}

type Candidate = Awaited<ReturnType<typeof candidates>>[number];

const candidates = (db: Db, after: { readonly id: string } | undefined, now: Date) =>
  db
    .selectFrom('replicaInstances as r')
    .leftJoin('instances as i', (join) => join.onRef('i.id', '=', 'r.instanceId').onRef('i.agentId', '=', 'r.agentId'))
    .select(['r.id', 'r.agentId', 'r.clientId', 'r.instanceId'])
    .where('r.isActive', '=', true)
    .$if(after !== undefined, (query) => query.where('r.id', '>', after!.id))
    .where((eb) =>
      eb.or([
        eb.and([eb('r.instanceId', 'is', null), eb('r.createdAt', '<=', msBefore(now, launchMs))]),
        eb('i.lastSeenAt', '<=', msBefore(now, standbyTimeoutMs())),
        eb.and([eb('r.replicaType', '<>', 'manual'), eb('r.createdAt', '<=', msBefore(now, alarmMs))]),
      ]),
    )
    .orderBy('r.id')
    .limit(size)
    .execute();

async function endEach(db: Db, page: readonly Candidate[], { hasTime }: RunTime, now: Date): Promise<number> {
  const hearing = await readHearing(db);
  const work = ({ id, agentId, clientId, instanceId }: Candidate) =>
    transact(db, async (tx) => {
      const wanted = {
        standbys: true,
        replica: id,
        instance: instanceId ?? undefined,
        openSwitch: true,
        notice: undefined,
        launches: true,
      } as const;
      const state = await lockAgent(tx, { clientId, agentId, skipLocked: true, with: wanted }, now);
      const { agent, replica: standby, instance } = state;
      if (!standby?.isActive || standby.instanceId !== instanceId) return false;
      const lastSeenAt = instance?.agentId === agentId ? instance.lastSeenAt : null;
      const overdue = overdueOf(standby, { agent, lastSeenAt, hearing }, now);
      if (!overdue) return false;
      await end(tx, state, { standby, overdue }, now);
      return true;
    });
  return forEachIsolated('ending a standby', page, work, { hasTime });
}

const failures = {
  'not-launched': 'no instance was launched within 10 minutes',
  silent: 'its instance has fallen silent',
  unheard: 'its instance was launched but never heard from',
} as const;

async function end(
  tx: Tx,
  state: AgentState<'standbys' | 'openSwitch' | 'notice' | 'launches'>,
  { standby, overdue }: { readonly standby: Standby; readonly overdue: Overdue },
  now: Date,
): Promise<void> {
  // A silent instance is not terminated: the outage may be ours (docs/adr/0026).
  const endsAt = overdue === 'not-launched' ? now : null;
  if (overdue !== 'alarm-over') {
    if (overdue === 'unheard' && state.launches.unheard + 1 === maxUnheard) await tellOfUnheard(tx, standby, now);
    return failStandby(tx, state, standby, { why: failures[overdue], cause: overdue, endsAt }, now);
  }
  await endStandby(tx, standby, { at: now, confirmed: standby.instanceId === null }, now);
  await record(
    tx,
    {
      clientId: standby.clientId,
      agentId: standby.agentId,
      type: 'emergency_stood_down',
      severity: 'info',
      message: `No interruption came within 2 h: the emergency standby of agent ${state.agent.logicalAgentId} is no longer needed and is being ended`,
      metadata: { replicaId: standby.id },
      notify: true,
      dedupeKey: `stood_down:${standby.id}`,
    },
    now,
  );
}

/** Tells the tenant to fix the image or end these instances: nobody else knows what runs on them. */
const tellOfUnheard = (tx: Tx, { id, clientId, agentId, instanceId }: Standby, now: Date) =>
  record(
    tx,
    {
      clientId,
      agentId,
      instanceId: instanceId ?? undefined,
      type: 'standbys_stopped',
      severity: 'error',
      message: `${maxUnheard} standbys in a row were launched but never heard from; the last one is ${instanceId}. Check that their image starts the agent, and terminate these instances. No more are launched until somebody asks for a standby`,
      metadata: { replicaId: id },
      notify: true,
      dedupeKey: `standbys_stopped:${id}`,
    },
    now,
  );
