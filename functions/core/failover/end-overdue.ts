import { type Db, type Tx, transact } from '../../shared/db.ts';
import { forEachIsolated } from '../../shared/for-each-isolated.ts';
import { msBefore } from '../../shared/time.ts';
import { readHearing } from '../agent/hearing.ts';
import { standbyTimeoutMs } from '../agent/liveness.ts';
import { lockAgent } from '../agent/lock.ts';
import type { AgentState, Standby } from '../agent/state.ts';
import { record } from '../event/events.ts';
import { activeStatuses } from './active-statuses.ts';
import { failStandby } from './fail-over.ts';
import { alarmMs, launchMs, type Overdue, overdueOf } from './standby-policy.ts';
import { endStandby } from './standby-rows.ts';

/** Ends the standbys that have come to nothing or are not needed any more. @returns how many they are */
export async function endOverdue(db: Db, { batch }: { readonly batch: number }, now: Date): Promise<number> {
  const candidates = await db
    .selectFrom('replicaInstances as r')
    .leftJoin('instances as i', (join) => join.onRef('i.id', '=', 'r.instanceId').onRef('i.agentId', '=', 'r.agentId'))
    .select(['r.id', 'r.agentId', 'r.clientId', 'r.instanceId'])
    .where('r.status', 'in', activeStatuses)
    .where((eb) =>
      eb.or([
        eb.and([eb('r.instanceId', 'is', null), eb('r.createdAt', '<=', msBefore(now, launchMs))]),
        eb('i.lastSeenAt', '<=', msBefore(now, standbyTimeoutMs())),
        eb.and([eb('r.replicaType', '<>', 'manual'), eb('r.createdAt', '<=', msBefore(now, alarmMs))]),
      ]),
    )
    .limit(batch)
    .execute();
  if (candidates.length === 0) return 0;
  const hearing = await readHearing(db);
  return forEachIsolated('ending a standby', candidates, ({ id, agentId, clientId, instanceId }) =>
    transact(db, async (tx) => {
      const wanted = {
        standbys: true,
        replica: id,
        instance: instanceId ?? undefined,
        openSwitch: true,
        notice: undefined,
      } as const;
      const state = await lockAgent(tx, { clientId, agentId, skipLocked: true, with: wanted }, now);
      const { agent, replica: standby, instance } = state;
      if (!standby?.isActive || standby.instanceId !== instanceId) return false;
      const lastSeenAt = instance?.agentId === agentId ? instance.lastSeenAt : null;
      const overdue = overdueOf(standby, { agent, lastSeenAt, hearing }, now);
      if (!overdue) return false;
      await end(tx, state, { standby, overdue }, now);
      return true;
    }),
  );
}

const failures = {
  'not-launched': 'no instance was launched within 10 minutes',
  silent: 'its instance has fallen silent',
} as const;

async function end(
  tx: Tx,
  state: AgentState<'standbys' | 'openSwitch' | 'notice'>,
  { standby, overdue }: { readonly standby: Standby; readonly overdue: Overdue },
  now: Date,
): Promise<void> {
  // Nobody ends an instance because it is silent: it may be we who do not hear it (docs/adr/0026).
  const endsAt = overdue === 'silent' ? null : now;
  if (overdue !== 'alarm-over') return failStandby(tx, state, standby, { why: failures[overdue], endsAt }, now);
  await endStandby(tx, standby, { at: now, confirmed: standby.instanceId === null }, now);
  await record(
    tx,
    {
      clientId: standby.clientId,
      agentId: standby.agentId,
      type: 'emergency_stood_down',
      severity: 'info',
      message: `No interruption came within 2 h: the emergency standby of agent ${state.agent.logicalAgentId} is let go`,
      metadata: { replicaId: standby.id },
      notify: true,
      dedupeKey: `stood_down:${standby.id}`,
    },
    now,
  );
}
