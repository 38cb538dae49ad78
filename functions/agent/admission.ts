import { type Registration, refreshPrimary } from '../core/agent/agents.ts';
import { readHearing } from '../core/agent/hearing.ts';
import type { Standing } from '../core/agent/identity.ts';
import { keepBesidePrimary, moveInstance } from '../core/agent/instances.ts';
import { heardUntil, isBeating } from '../core/agent/liveness.ts';
import { changePrimary } from '../core/agent/primary.ts';
import type { NewPrimary } from '../core/agent/primary-change.ts';
import type { AgentState, InFlight } from '../core/agent/state.ts';
import { record } from '../core/event/events.ts';
import { bindToLaunch } from '../core/failover/bind-launch.ts';
import { poolOf } from '../core/pool/pool-id.ts';
import { requireRoomForAgent } from '../core/tenant/plan.ts';
import type { Tx } from '../shared/db.ts';

interface Admission {
  readonly standing: Standing;
  /** Set when the registration was not applied. */
  readonly message?: string;
}

interface Candidate {
  readonly state: AgentState<'instance' | 'inFlight'>;
  readonly isNew: boolean;
  readonly body: Registration;
}

/**
 * Decides what a registering instance becomes (protocol A1). The caller holds the agent's lock. The first instance of a
 * new agent and a successor become the primary. A second instance beside a live primary is kept and waits. A zombie,
 * terminated instance or standby that registers again changes nothing and is told to stay passive.
 * @throws AppError plan_limit for a new agent or a deleted one that returns
 */
export async function admit(tx: Tx, candidate: Candidate, now: Date): Promise<Admission> {
  const { state, isNew, body } = candidate;
  const { agent, instance, primary } = state;
  if (instance && instance.agentId !== agent.id) {
    if (instance.instanceStatus === 'zombie' || instance.instanceStatus === 'terminated')
      return keptStill(instance.instanceStatus);
    await releaseFromOtherAgent(tx, candidate, now);
  } else if (instance?.isPrimary) {
    if (agent.status === 'deleted') await requireRoom(tx, candidate);
    await restart(tx, candidate, now);
    return { standing: 'primary' };
  } else if (instance && !(instance.instanceStatus === 'running_primary' && agent.status === 'deleted')) {
    return keptStill(instance.instanceStatus);
  }
  if (isNew || agent.status === 'deleted') await requireRoom(tx, candidate);
  if (isNew) {
    await changePrimary(tx, { agent, cause: 'register', next: primaryFrom(body), isNewAgent: true }, now);
    await record(
      tx,
      {
        ...eventOf(candidate, 'agent_registered', 'info'),
        message: `New agent ${body.logical_agent_id} on ${body.instance_id} (${body.instance_type}, ${body.az})`,
        notify: true,
      },
      now,
    );
    return { standing: 'primary' };
  }
  const command = commandFulfilledBy(state, body);
  if (!command && primary && (await isServing(tx, heardUntil(agent, primary.lastSeenAt), now)))
    return admitBeside(tx, candidate, now);
  await succeed(tx, candidate, command, now);
  return { standing: 'primary' };
}

/** A known instance, of a deleted agent or of another agent, may already count against the plan. */
const requireRoom = (tx: Tx, { state: { agent, instance }, isNew, body }: Candidate) =>
  requireRoomForAgent(tx, {
    clientId: agent.clientId,
    isListed: isNew,
    isRunning: instance?.instanceStatus === 'running_primary' || instance?.instanceStatus === 'running_replica',
    isNameless: body.logical_agent_id === body.instance_id,
  });

/** Whether the primary is alive, not counting time when we could not receive heartbeats. Usually no statement. */
const isServing = async (tx: Tx, heard: Date | null, now: Date) =>
  isBeating(heard, undefined, now) || isBeating(heard, await readHearing(tx), now);

const keptStill = (status: string): Admission => ({
  standing: status === 'running_replica' ? 'replica' : 'retired',
  message: `This instance is ${status.replace('_', ' ')} for its agent: the registration changed nothing`,
});

/**
 * The switch in flight that this instance was launched for: its mode and zone match the command's (protocol 9.1).
 * Version 3.2 agents do not send their mode, which counts as a match.
 */
function commandFulfilledBy({ inFlight }: Candidate['state'], body: Registration): InFlight | undefined {
  if (!inFlight || inFlight.newInstanceId !== null) return undefined;
  const mode = body.mode ?? 'unknown';
  if (mode !== 'unknown' && mode !== inFlight.targetMode) return undefined;
  if (inFlight.targetMode === 'spot' && !inFlight.targetPoolId?.endsWith(`.${body.az}`)) return undefined;
  return inFlight;
}

const primaryFrom = (body: Registration, mode = body.mode): NewPrimary => ({
  instanceId: body.instance_id,
  instanceType: body.instance_type,
  region: body.region,
  az: body.az,
  amiId: body.ami_id,
  mode,
  host: {
    hostname: body.hostname,
    privateIp: body.private_ip,
    publicIp: body.public_ip,
    agentVersion: body.agent_version,
  },
});

const eventOf = ({ state: { agent }, body }: Candidate, type: string, severity: 'info' | 'warning') => ({
  clientId: agent.clientId,
  agentId: agent.id,
  instanceId: body.instance_id,
  type,
  severity,
});

/** Makes the instance the agent's primary and binds it to the switch that it was launched for. */
async function succeed(tx: Tx, candidate: Candidate, command: InFlight | undefined, now: Date): Promise<void> {
  const { state, body } = candidate;
  const { agent, primary, inFlight } = state;
  const mode = body.mode && body.mode !== 'unknown' ? body.mode : command?.targetMode;
  await changePrimary(
    tx,
    {
      agent,
      cause: command ? 'switch' : 'successor',
      next: primaryFrom(body, mode),
      former: primary ? [{ instanceId: primary.id, becomes: 'zombie' }] : [],
      command: command && { id: command.id, closes: false },
      staysSwitching: inFlight?.status === 'dispatched',
    },
    now,
  );
  await record(
    tx,
    {
      ...eventOf(candidate, 'agent_successor', 'info'),
      message: `${body.instance_id} took over agent ${agent.logicalAgentId}${primary ? ` from ${primary.id}` : ''}`,
      metadata: { commandId: command?.id ?? null, formerInstanceId: primary?.id ?? null },
    },
    now,
  );
}

/** The primary is alive, so an instance that registers beside it is a standby's or was not requested. */
async function admitBeside(tx: Tx, candidate: Candidate, now: Date): Promise<Admission> {
  const { state, body } = candidate;
  const poolId = body.mode === 'ondemand' ? null : poolOf('spot', body.instance_type, body.az);
  switch (await bindToLaunch(tx, state, { instanceId: body.instance_id, poolId }, now)) {
    case 'took-over':
      return { standing: 'primary' };
    case 'standby':
      return keptStill('running_replica');
    case 'surplus':
      return keptStill('terminated');
    case 'nothing':
      return keepBeside(tx, candidate, now);
  }
}

/** The primary is alive and nothing requested a second instance: the instance is kept and stays passive. */
async function keepBeside(tx: Tx, candidate: Candidate, now: Date): Promise<Admission> {
  const { state, body } = candidate;
  const { agent, primary } = state;
  const { instance_id: instanceId, instance_type: instanceType, region, az, ami_id: amiId, mode } = body;
  const of = { clientId: agent.clientId, agentId: agent.id };
  await keepBesidePrimary(tx, { ...of, instanceId, instanceType, region, az, amiId, mode }, now);
  await record(
    tx,
    {
      ...eventOf(candidate, 'agent_second_instance', 'warning'),
      message: `${instanceId} and ${primary?.id} both run agent ${agent.logicalAgentId}; ${instanceId} waits until ${primary?.id} goes silent`,
      notify: true,
      dedupeKey: `second_instance:${instanceId}`,
    },
    now,
  );
  return {
    standing: 'replica',
    message: `${primary?.id} is this agent's primary and is alive: this instance stays passive`,
  };
}

/** Registers a primary that has restarted. */
async function restart(tx: Tx, candidate: Candidate, now: Date): Promise<void> {
  const { state, body } = candidate;
  const { agent, inFlight } = state;
  const status = inFlight?.status === 'dispatched' ? 'switching' : 'online';
  await refreshPrimary(tx, { agent, status, body }, now);
  if (agent.status === 'offline' || agent.status === 'deleted')
    await record(
      tx,
      {
        ...eventOf(candidate, 'agent_online', 'info'),
        message: `Agent ${agent.logicalAgentId} is back on ${body.instance_id}`,
        notify: true,
      },
      now,
    );
}

/** Takes an instance from another agent of the tenant. If it was that agent's primary, it no longer is. */
async function releaseFromOtherAgent(tx: Tx, { state }: Candidate, now: Date): Promise<void> {
  const { agent } = state;
  const { id: instanceId, clientId, isPrimary, owner } = state.instance!;
  if (!isPrimary || !owner) return moveInstance(tx, { clientId, agentId: agent.id, instanceId });
  const former = [{ instanceId, becomes: 'running_replica' as const, movesTo: agent.id }];
  await changePrimary(tx, { agent: owner, cause: 'released', next: undefined, former }, now);
}
