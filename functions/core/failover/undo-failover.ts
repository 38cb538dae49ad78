import { sql } from 'kysely';
import type { Tx } from '../../shared/db.ts';
import { changePrimary } from '../agent/primary.ts';
import type { AgentState, KnownInstance, Standby } from '../agent/state.ts';
import { isAwaitingSuccessor } from '../command/open-switch.ts';
import { record, type SystemEvent } from '../event/events.ts';
import { provideStandby } from './provide-standby.ts';
import { reopenNotice } from './reopen-notice.ts';

type State = AgentState<'standbys' | 'openSwitch' | 'instance'>;

/**
 * Undoes a failover whose new instance died while booting: a standby takes over as soon as its instance is launched
 * (docs/adr/0012). The former primary reports the failure, so it still runs. It becomes the primary again, its notice
 * is reopened, and the next pool is tried. Eleven Data API calls: the most expensive transaction, but a rare one.
 * @param state read with the calling instance as `instance`
 * @returns whether the failover was undone; otherwise nothing has changed
 */
export async function undoFailover(tx: Tx, state: State, standby: Standby, why: string, now: Date): Promise<boolean> {
  const former = formerPrimary(state, standby);
  if (!former) return false;
  const { agent, primary, openSwitch } = state;
  const { instanceType, region, az, currentMode: mode } = former;
  await changePrimary(
    tx,
    {
      agent,
      cause: 'failover_undone',
      next: { instanceId: former.id, instanceType, region, az, mode },
      former: [{ instanceId: standby.instanceId!, becomes: 'zombie' }],
      staysSwitching: isAwaitingSuccessor(openSwitch) && openSwitch.status === 'dispatched',
    },
    now,
  );
  await undoPromotion(tx, { standby, former, why }, now);
  const { clientId, agentId, id: replicaId } = standby;
  // Without a notice the promotion was requested, and whoever requested it sees that it failed.
  const isOpen = await reopenNotice(tx, { clientId, agentId, formerId: former.id, replicaId }, now);
  const event = undone(state, { standby, former, why });
  if (!isOpen) await record(tx, event, now);
  else {
    const pending = { pendingTerminationAt: now, pendingTerminationInstance: former.id };
    const after = { ...state, agent: { ...agent, ...pending }, primary: { ...primary!, ...former } };
    await provideStandby(tx, after, { occasion: 'standby-lost', also: [event] }, now);
  }
  return true;
}

/** The calling instance, if this standby took over from it, never became ready and has not been heard from since. */
function formerPrimary({ agent, primary, instance }: State, standby: Standby): KnownInstance | undefined {
  const { status, instanceId, promotedAt, syncStatus } = standby;
  if (status !== 'promoted' || promotedAt === null || instanceId === null || primary?.id !== instanceId)
    return undefined;
  if (instance?.agentId !== agent.id || instance.clientId !== agent.clientId) return undefined;
  const isFormer = instance.instanceStatus === 'zombie' && instance.zombieAt?.getTime() === promotedAt.getTime();
  const cameUp = syncStatus === 'synced' || primary.lastSeenAt === null || primary.lastSeenAt > promotedAt;
  return isFormer && !cameUp ? instance : undefined;
}

interface Undone {
  readonly standby: Standby;
  readonly former: KnownInstance;
  readonly why: string;
}

/**
 * Marks the standby as failed, so that the next pool choice counts it, and lists its instance for termination.
 * Sets columns of: replica_instances, instances, switches.
 */
const undoPromotion = (tx: Tx, { standby, former, why }: Undone, now: Date) =>
  sql`
    UPDATE replica_instances AS r
      INNER JOIN instances AS i ON i.id = r.instance_id AND i.agent_id = r.agent_id
      LEFT JOIN switches AS s ON s.agent_id = r.agent_id AND s.old_instance_id = ${former.id} AND s.new_instance_id = i.id
    SET r.status = 'failed', r.failed_at = ${now}, r.error_message = ${why.slice(0, 2000)},
        i.instance_status = 'terminated', i.terminated_at = ${now}, i.version = i.version + 1, s.success = FALSE
    WHERE r.id = ${standby.id} AND r.client_id = ${standby.clientId}`.execute(tx);

const undone = ({ agent }: State, { standby, former, why }: Undone): SystemEvent => ({
  clientId: agent.clientId,
  agentId: agent.id,
  instanceId: standby.instanceId ?? undefined,
  type: 'failover_undone',
  severity: 'error',
  message: `${standby.instanceId} in ${standby.poolId} never came up (${why.slice(0, 300)}): ${former.id} is the primary of agent ${agent.logicalAgentId} again`,
  metadata: { replicaId: standby.id, formerInstanceId: former.id },
  notify: true,
  dedupeKey: `undone:${standby.id}`,
});
