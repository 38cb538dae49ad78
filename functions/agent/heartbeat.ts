import type * as z from 'zod';
import { noteSteadyBeat, setStatus } from '../core/agent/agents.ts';
import { type Caller, findCaller } from '../core/agent/caller.ts';
import { type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { markSeen } from '../core/agent/instances.ts';
import { heardUntil, isSilent } from '../core/agent/liveness.ts';
import { lockAgent } from '../core/agent/lock.ts';
import type { AgentState } from '../core/agent/state.ts';
import { takeOver } from '../core/agent/take-over.ts';
import { record } from '../core/event/events.ts';
import { type Db, type Tx, transact } from '../shared/db.ts';
import { minuteMs, msSince } from '../shared/time.ts';
import type { HeartbeatRequest } from './requests.ts';

export interface Beat extends OfAgent {
  readonly body: z.output<typeof HeartbeatRequest>;
  /** For agents that accept `merged`: when the next heartbeat is due; whether we can decide without their prices. */
  readonly told?: Pick<Parameters<typeof noteSteadyBeat>[1], 'nextSeconds' | 'isPriced'>;
}

/** An unnamed instance that goes offline this soon after a switch is taken to be the old one. */
const oldInstanceMayDieMs = 10 * minuteMs;

/**
 * Records that an instance is alive (protocol A2). One statement if only the time changes; a changed status or an
 * instance that is not the primary takes the slow path.
 * @throws AppError agent_not_found, also for a deleted agent: a heartbeat never brings one back
 */
export async function heartbeat(db: Db, beat: Beat, now: Date): Promise<void> {
  const { clientId, body } = beat;
  const said = saidBy(beat);
  const { agentId, reporter } = said;
  if (body.status !== 'offline' && (await noteSteadyBeat(db, said, now))) return;
  const ref = reporter === undefined ? agentId : `${agentId}~${reporter}`;
  const caller = await findCaller(db, { clientId, ref }, now);
  if (caller.standing === 'primary') return changeStatus(db, { beat, agentId, reporter }, now);
  await noteOther(db, { beat, caller }, now);
}

/** What the instance that sends the heartbeat reports about itself. */
export function saidBy({ clientId, ref, body, told }: Beat) {
  const { agentId, instanceId } = parseHandle(ref);
  const reporter = instanceId ?? body.instance_id ?? body.monitored_instances?.[0];
  const { status, mode, instance_type: instanceType, az, remaining_work_seconds: remainingWorkSeconds } = body;
  return { clientId, agentId, reporter, status, mode, instanceType, az, remainingWorkSeconds, ...told };
}

interface Change {
  readonly beat: Beat;
  readonly agentId: string;
  readonly reporter: string | undefined;
}

/** Updates the agent's status from its primary; notifies the tenant when it goes offline or returns (protocol 7.1). */
function changeStatus(db: Db, { beat, agentId, reporter }: Change, now: Date): Promise<void> {
  const { clientId, body } = beat;
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, { clientId, agentId, ref: beat.ref, with: { inFlight: true } }, now);
    const { agent, primary } = state;
    if (!primary || (reporter !== undefined && reporter !== primary.id)) return; // another instance took over meanwhile
    if (body.status === 'offline' && isOldInstanceDying(state, reporter, now)) return;
    const { status, remaining_work_seconds: remainingWorkSeconds } = body;
    const heard = { nextSeconds: beat.told?.nextSeconds ?? null };
    await setStatus(tx, { clientId, agentId, status, heard, remainingWorkSeconds }, now);
    await markSeen(tx, { clientId, agentId, instanceId: primary.id }, now);
    await recordChange(tx, { agent, status: body.status, instanceId: primary.id }, now);
  });
}

/**
 * "Offline" during a switch comes from the old instance shutting down as planned: no outage. The same holds soon after
 * a switch, if the instance does not identify itself.
 */
function isOldInstanceDying({ agent, inFlight }: AgentState<'inFlight'>, reporter: string | undefined, now: Date) {
  if (inFlight?.status === 'dispatched') return true;
  return reporter === undefined && msSince(agent.lastSwitchAt, now) < oldInstanceMayDieMs;
}

interface StatusChange {
  readonly agent: AgentState['agent'];
  readonly status: Beat['body']['status'];
  readonly instanceId: string;
}

async function recordChange(tx: Tx, { agent, status, instanceId }: StatusChange, now: Date): Promise<void> {
  const of = { clientId: agent.clientId, agentId: agent.id, instanceId, notify: true };
  if (status === 'offline' && agent.status !== 'offline')
    await record(
      tx,
      {
        ...of,
        type: 'agent_offline',
        severity: 'warning',
        message: `Agent ${agent.logicalAgentId} went offline`,
      },
      now,
    );
  if (status === 'online' && agent.status === 'offline')
    await record(
      tx,
      {
        ...of,
        type: 'agent_online',
        severity: 'info',
        message: `Agent ${agent.logicalAgentId} is online again`,
      },
      now,
    );
}

/** Records that an instance other than the primary is alive. A standby takes over if the primary is silent. */
async function noteOther(db: Db, { beat, caller }: { beat: Beat; caller: Caller }, now: Date): Promise<void> {
  const { agent, instanceId, standing } = caller;
  if (instanceId === undefined) return;
  const of = { clientId: beat.clientId, agentId: agent.id, instanceId };
  await markSeen(db, of, now);
  if (
    standing === 'replica' &&
    beat.body.status !== 'offline' &&
    isSilent(heardUntil(agent, agent.lastHeartbeatAt), undefined, now)
  )
    await takeOver(db, of, now);
}
