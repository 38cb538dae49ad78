import { sql } from 'kysely';
import type { Tx } from '../../shared/db.ts';
import type { Replica } from '../../shared/schema.ts';
import { changePrimary } from '../agent/primary.ts';
import { record, type SystemEvent } from '../event/events.ts';
import { tryNextPool } from './next-pool.ts';
import type { KnownMachine, StandbyState } from './state.ts';

/**
 * A standby takes over as soon as its machine is launched, and a machine may die while it boots (docs/adr/0012). The one
 * that it took over from says so, thus still runs: it is the primary again, its notice is open again, and the next pool is
 * tried. Eleven Data API calls, the dearest there is, for something rare.
 * @param state read with the speaker as the machine that the call names
 * @returns whether the role went back; otherwise nothing has changed
 */
export async function giveBack(
  tx: Tx,
  state: StandbyState,
  replica: Replica,
  why: string,
  now: Date,
): Promise<boolean> {
  const speaker = formerPrimary(state, replica);
  if (!speaker) return false;
  const { agent, openSwitch } = state;
  const place = {
    instanceType: speaker.instanceType ?? undefined,
    region: speaker.region ?? undefined,
    az: speaker.az ?? undefined,
    mode: speaker.currentMode,
  };
  await changePrimary(tx, {
    agentId: agent.id,
    clientId: agent.clientId,
    epoch: agent.epoch,
    now,
    next: { instanceId: speaker.id, ...place },
    wasPrimary: false,
    former: [{ instanceId: replica.instanceId!, becomes: 'zombie' }],
    isSwitch: false,
    staysSwitching: openSwitch?.status === 'dispatched',
  });
  await undoTakeover(tx, replica, speaker, why, now);
  const isOpen = await reopenNotice(tx, replica, speaker);
  const event = undone(state, replica, speaker, why);
  const after = { ...state, primary: { ...state.primary!, id: speaker.id, poolId: speaker.currentPoolId } };
  if (isOpen && state.standbys.length === 0) await tryNextPool(tx, after, now, event);
  else await record(tx, now, event);
  return true;
}

/** The machine that speaks, if this standby took over from it, was not ready then, and has not been heard of since. */
function formerPrimary({ agent, primary, machine }: StandbyState, replica: Replica): KnownMachine | undefined {
  const { status, instanceId, promotedAt } = replica;
  if (status !== 'promoted' || promotedAt === null || instanceId === null || primary?.id !== instanceId)
    return undefined;
  if (machine?.agentId !== agent.id || machine.clientId !== agent.clientId) return undefined;
  const isFormer = machine.instanceStatus === 'zombie' && machine.zombieAt?.getTime() === promotedAt.getTime();
  const cameUp = replica.syncStatus === 'synced' || primary.lastSeenAt === null || primary.lastSeenAt > promotedAt;
  return isFormer && !cameUp ? machine : undefined;
}

/** The standby has failed, which the next choice of a pool sees, and its machine is listed until it has been seen to go. */
const undoTakeover = (tx: Tx, replica: Replica, former: KnownMachine, why: string, now: Date) =>
  sql`
    UPDATE replica_instances AS r
      INNER JOIN instances AS i ON i.id = r.instance_id AND i.agent_id = r.agent_id
      LEFT JOIN switches AS s ON s.agent_id = r.agent_id AND s.old_instance_id = ${former.id} AND s.new_instance_id = i.id
    SET r.status = 'failed', r.failed_at = ${now}, r.error_message = ${why.slice(0, 2000)},
        i.instance_status = 'terminated', i.terminated_at = ${now}, i.version = i.version + 1, s.success = FALSE
    WHERE r.id = ${replica.id} AND r.client_id = ${replica.clientId}`.execute(tx);

/** @returns whether there is one: without a notice somebody asked for the promotion, and sees that it came to nothing */
async function reopenNotice(tx: Tx, replica: Replica, former: KnownMachine): Promise<boolean> {
  const result = await sql`
    UPDATE agents AS a INNER JOIN spot_interruption_events AS e ON e.agent_id = a.id AND e.instance_id = ${former.id}
      AND e.signal_type = 'termination-notice' AND e.replica_id = ${replica.id} AND e.failover_completed
    SET e.failover_completed = FALSE, e.success = FALSE, e.replica_ready = FALSE, e.response_action = 'failover-undone',
        a.pending_termination_at = e.termination_time, a.pending_termination_instance = e.instance_id,
        a.interruption_handled_count = a.interruption_handled_count - 1,
        a.version = a.version + 1
    WHERE a.id = ${replica.agentId} AND a.client_id = ${replica.clientId}`.execute(tx);
  return (result.numAffectedRows ?? 0n) > 0n;
}

const undone = ({ agent }: StandbyState, replica: Replica, former: KnownMachine, why: string): SystemEvent => ({
  clientId: agent.clientId,
  agentId: agent.id,
  instanceId: replica.instanceId ?? undefined,
  type: 'failover_undone',
  severity: 'error',
  message: `${replica.instanceId} in ${replica.poolId} never came up (${why.slice(0, 300)}): ${former.id} is the primary of agent ${agent.logicalAgentId} again`,
  metadata: { replicaId: replica.id, formerInstanceId: former.id },
  notify: true,
  dedupeKey: `undone:${replica.id}`,
});
