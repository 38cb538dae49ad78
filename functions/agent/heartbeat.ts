import { sql } from 'kysely';
import type * as z from 'zod';
import { type Caller, findCaller, type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { changePrimary, poolOf } from '../core/agent/primary.ts';
import { type AgentState, lockAndLook } from '../core/agent/state.ts';
import { record } from '../core/event/events.ts';
import { type Db, type Tx, transact } from '../shared/db.ts';
import { healthEnv } from '../shared/env.ts';
import { agentNotFound } from '../shared/errors.ts';
import type { HeartbeatRequest } from './routes.ts';

type Heartbeat = z.output<typeof HeartbeatRequest>;

interface Beat extends OfAgent {
  readonly now: Date;
  readonly body: Heartbeat;
}

/** A machine that goes down this soon after a switch is the old one, if it does not say which one it is. */
const oldMachineMayDieMs = 10 * 60_000;

/**
 * Notes that a machine lives (contract A2). One statement where nothing changes but the time; what changes a state, and
 * a machine that is not the primary, takes the longer way.
 * @throws AppError agent_not_found for a deleted agent too: a heartbeat never brings one back
 */
export async function heartbeat(db: Db, beat: Beat): Promise<void> {
  const handle = parseHandle(beat.ref);
  const reporter = handle.instanceId ?? beat.body.instance_id ?? beat.body.monitored_instances?.[0];
  if (beat.body.status !== 'offline' && (await beatOfPrimary(db, beat, handle.agentId, reporter))) return;
  const ref = reporter === undefined ? handle.agentId : `${handle.agentId}~${reporter}`;
  const caller = await findCaller(db, { clientId: beat.clientId, ref });
  if (caller.standing === 'primary') return changeStatus(db, beat, caller, reporter);
  await beatOfOther(db, beat, caller);
}

/** The steady state: the primary says again what it said last. @returns whether it was that */
async function beatOfPrimary(db: Db, { clientId, now, body }: Beat, agentId: string, reporter: string | undefined) {
  const { status } = body;
  const known = body.mode !== undefined && body.mode !== 'unknown';
  // Without its type or zone a spot machine's pool is not known anew, and the one we have stands.
  const pool = poolOf(body.mode, body.instance_type, body.az);
  const poolKnown = body.mode === 'ondemand' || pool !== null;
  const result = await sql`
    UPDATE agents AS a INNER JOIN instances AS i ON i.id = a.instance_id AND i.client_id = a.client_id AND i.is_primary
    SET a.last_heartbeat_at = ${now}, a.version = a.version + 1, i.last_seen_at = ${now}, i.version = i.version + 1,
        a.instance_type = COALESCE(${body.instance_type ?? null}, a.instance_type),
        i.instance_type = COALESCE(${body.instance_type ?? null}, i.instance_type),
        a.az = COALESCE(${body.az ?? null}, a.az), i.az = COALESCE(${body.az ?? null}, i.az),
        a.current_mode = IF(${known}, ${body.mode ?? null}, a.current_mode),
        i.current_mode = IF(${known}, ${body.mode ?? null}, i.current_mode),
        a.current_pool_id = IF(${poolKnown}, ${pool}, a.current_pool_id),
        i.current_pool_id = IF(${poolKnown}, ${pool}, i.current_pool_id)
    WHERE a.id = ${agentId} AND a.client_id = ${clientId} AND (${reporter ?? null} IS NULL OR a.instance_id = ${reporter ?? null})
      AND (a.status = ${status} OR (a.status = 'switching' AND ${status} = 'online'))`.execute(db);
  return (result.numAffectedRows ?? 0n) > 0n;
}

/** The primary says something new: the status changes, and the tenant is told of going and coming (contract 10.1). */
async function changeStatus(db: Db, beat: Beat, caller: Caller, reporter: string | undefined) {
  const { now, body, clientId } = beat;
  await transact(db, async (tx) => {
    const state = await lockAndLook(tx, { clientId, agentId: caller.agent.id, now });
    const { agent, primary } = state;
    if (agent.status === 'deleted') throw agentNotFound(beat.ref);
    if (!primary || (reporter !== undefined && reporter !== primary.id)) return; // another took over meanwhile
    if (body.status === 'offline' && isOldMachineDying(state, now, reporter)) return;
    await tx
      .updateTable('agents')
      .set({ status: body.status, lastHeartbeatAt: now, updatedAt: now })
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('id', '=', agent.id)
      .where('clientId', '=', clientId)
      .execute();
    await markSeen(tx, { clientId, agentId: agent.id, instanceId: primary.id, now });
    await recordChange(tx, now, agent, body.status, primary.id);
  });
}

/**
 * "Offline" while a switch is carried out is the old machine going, as it should, and no outage. Nor is it one soon
 * after, from a machine that does not say which one it is.
 */
function isOldMachineDying({ agent, inFlight }: AgentState, now: Date, reporter: string | undefined) {
  if (inFlight?.status === 'dispatched') return true;
  const since = agent.lastSwitchAt ? now.getTime() - agent.lastSwitchAt.getTime() : Number.POSITIVE_INFINITY;
  return reporter === undefined && since < oldMachineMayDieMs;
}

async function recordChange(
  tx: Tx,
  now: Date,
  agent: AgentState['agent'],
  status: Heartbeat['status'],
  instanceId: string,
) {
  const of = { clientId: agent.clientId, agentId: agent.id, instanceId, notify: true };
  if (status === 'offline' && agent.status !== 'offline')
    await record(tx, now, {
      ...of,
      type: 'agent_offline',
      severity: 'warning',
      message: `Agent ${agent.logicalAgentId} went offline`,
    });
  if (status === 'online' && agent.status === 'offline')
    await record(tx, now, {
      ...of,
      type: 'agent_online',
      severity: 'info',
      message: `Agent ${agent.logicalAgentId} is online again`,
    });
}

/** A machine that is not the primary: that it lives is noted with it, and nothing of its agent changes. */
async function beatOfOther(db: Db, { clientId, now, body }: Beat, { agent, instanceId, standing }: Caller) {
  if (instanceId === undefined) return;
  const of = { clientId, agentId: agent.id, instanceId, now };
  await markSeen(db, of);
  const silentMs = now.getTime() - (agent.lastHeartbeatAt?.getTime() ?? 0);
  if (standing === 'replica' && body.status !== 'offline' && silentMs >= healthEnv().HEARTBEAT_TIMEOUT_SECONDS * 1000)
    await takeOver(db, of);
}

const markSeen = (
  db: Db,
  { clientId, agentId, instanceId, now }: { clientId: string; agentId: string; instanceId: string; now: Date },
) =>
  db
    .updateTable('instances')
    .set((eb) => ({ lastSeenAt: now, version: eb('version', '+', 1) }))
    .where('id', '=', instanceId)
    .where('agentId', '=', agentId)
    .where('clientId', '=', clientId)
    .execute();

/** The primary has fallen silent and a machine beside it lives: that one takes over (contract A2). */
async function takeOver(
  db: Db,
  { clientId, agentId, instanceId, now }: { clientId: string; agentId: string; instanceId: string; now: Date },
) {
  const timeoutMs = healthEnv().HEARTBEAT_TIMEOUT_SECONDS * 1000;
  await transact(db, async (tx) => {
    const { agent, primary, machine, inFlight } = await lockAndLook(tx, {
      clientId,
      agentId,
      machineId: instanceId,
      now,
    });
    const silent = now.getTime() - (primary?.lastSeenAt?.getTime() ?? 0) >= timeoutMs;
    if (!silent || machine?.instanceStatus !== 'running_replica' || agent.status === 'deleted') return;
    await changePrimary(tx, {
      agentId,
      clientId,
      epoch: agent.epoch,
      now,
      next: { instanceId, ...(await placeOf(tx, clientId, instanceId)) },
      wasPrimary: false,
      former: primary ? [{ instanceId: primary.id, becomes: 'zombie' }] : [],
      isSwitch: false,
      staysSwitching: inFlight?.status === 'dispatched',
    });
    await record(tx, now, {
      clientId,
      agentId,
      instanceId,
      type: 'agent_taken_over',
      severity: 'warning',
      message: `${primary?.id ?? 'The primary'} of agent ${agent.logicalAgentId} fell silent; ${instanceId} took over`,
      notify: true,
    });
  });
}

async function placeOf(tx: Tx, clientId: string, instanceId: string) {
  const row = await tx
    .selectFrom('instances')
    .select(['instanceType', 'region', 'az', 'amiId', 'currentMode'])
    .where('id', '=', instanceId)
    .where('clientId', '=', clientId)
    .executeTakeFirstOrThrow();
  const { instanceType, region, az, amiId, currentMode } = row;
  return {
    instanceType: instanceType ?? undefined,
    region: region ?? undefined,
    az: az ?? undefined,
    amiId: amiId ?? undefined,
    mode: currentMode,
  };
}
