import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type * as z from 'zod';
import { handleOf, type Standing } from '../core/agent/identity.ts';
import { changePrimary, type Machine, poolOf, writePrimary } from '../core/agent/primary.ts';
import { type AgentState, look } from '../core/agent/state.ts';
import { record } from '../core/event/events.ts';
import { ensurePool } from '../core/pool/ensure-pool.ts';
import { authenticate } from '../core/tenant/authenticate.ts';
import { bearer } from '../core/tenant/tokens.ts';
import { type Db, type Tx, transact } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import { denied } from '../shared/http.ts';
import type { RegisterRequest } from './routes.ts';
import { settingsFor } from './settings.ts';

type Registration = z.output<typeof RegisterRequest>;

/** A former primary that was heard of this recently still lives: two machines share one logical id (contract A1, 2). */
const stillBeatingMs = 90_000;

/**
 * The tenant of a registration. The route is open at the gateway, as its token may stand in the body instead of the
 * header, where no authorizer sees it.
 * @throws AppError missing_token, invalid_token, client_inactive
 */
export async function tenantOf(
  db: Db,
  now: Date,
  credentials: { authorization: string | undefined; bodyToken: string | undefined; sourceIp: string },
): Promise<string> {
  const { authorization, bodyToken, sourceIp } = credentials;
  const token = authorization === undefined ? bodyToken : bearer(authorization);
  if (!token) throw denied('missing_token');
  const identity = await authenticate(db, now, token, sourceIp);
  if (identity.role === 'none') throw denied(identity.denial);
  return identity.clientId;
}

/**
 * Makes the calling machine known (contract A1). What it becomes depends on what is known of its agent:
 * a new agent's first machine and a successor become the primary; a second machine beside a living primary is kept as a
 * replica; a zombie, terminated or non-primary machine that registers again changes nothing and is told to keep still.
 * @throws AppError instance_of_another_client
 */
export async function registerAgent(
  db: Db,
  { clientId, now, body }: { clientId: string; now: Date; body: Registration },
) {
  return transact(db, async (tx) => {
    const id = randomUUID();
    await findOrCreate(tx, { id, clientId, now, body });
    const of = { clientId, logicalAgentId: body.logical_agent_id };
    const state = await look(tx, { of, machineId: body.instance_id, now });
    if (!state) throw denied('invalid_token'); // the tenant was deleted between its authentication and now
    if (state.machine && state.machine.clientId !== clientId)
      throw new AppError('instance_of_another_client', `Instance ${body.instance_id} is registered by another client`);
    const { standing, message } = await admit(tx, { state, isNew: state.agent.id === id, now, body });
    const { agent } = state;
    return {
      agent_id: handleOf(agent.id, body.instance_id),
      client_id: clientId,
      config: settingsFor(
        { ...agent, status: agent.status === 'deleted' ? 'online' : agent.status },
        standing,
        state.replicas,
      ),
      ...(message && { message }),
    };
  });
}

/**
 * Inserts the agent, or takes the lock of the one that is there: one statement, so two machines that start together
 * cannot both find nothing. A new agent takes its tenant's defaults.
 */
async function findOrCreate(tx: Tx, of: { id: string; clientId: string; now: Date; body: Registration }) {
  const { id, clientId, now, body } = of;
  await sql`
    INSERT INTO agents (id, client_id, logical_agent_id, status, hostname, instance_id, instance_type, region, az, ami_id,
      private_ip, public_ip, current_mode, current_pool_id, agent_version, last_heartbeat_at, auto_switch_enabled,
      auto_terminate_enabled, terminate_wait_seconds, created_at, updated_at)
    SELECT ${id}, k.id, ${body.logical_agent_id}, 'online', ${body.hostname ?? null}, ${body.instance_id}, ${body.instance_type},
      ${body.region}, ${body.az}, ${body.ami_id ?? null}, ${body.private_ip ?? null}, ${body.public_ip ?? null},
      ${body.mode ?? 'unknown'}, ${poolOf(body.mode, body.instance_type, body.az)}, ${body.agent_version ?? null}, ${now},
      k.default_auto_switch_enabled, k.default_auto_terminate, k.default_terminate_wait_seconds, ${now}, ${now}
    FROM clients AS k WHERE k.id = ${clientId}
    ON DUPLICATE KEY UPDATE version = agents.version + 1`.execute(tx);
}

interface Admission {
  readonly standing: Standing;
  /** Said when the registration was not applied. */
  readonly message?: string;
}

interface Candidate {
  readonly state: AgentState;
  readonly isNew: boolean;
  readonly now: Date;
  readonly body: Registration;
}

/** What the machine becomes; the agent is locked. */
async function admit(tx: Tx, candidate: Candidate): Promise<Admission> {
  const { state, isNew, now, body } = candidate;
  const { agent, machine, primary } = state;
  const of = { clientId: agent.clientId, agentId: agent.id, now };
  if (poolOf(body.mode, body.instance_type, body.az)) await ensurePool(tx, now, body);
  if (machine && machine.agentId !== agent.id) {
    if (machine.instanceStatus === 'zombie' || machine.instanceStatus === 'terminated')
      return keptStill(machine.instanceStatus);
    await releaseFromOtherAgent(tx, candidate);
  } else if (machine?.isPrimary) {
    await refreshPrimary(tx, candidate);
    return { standing: 'primary' };
  } else if (machine && !(machine.instanceStatus === 'running_primary' && agent.status === 'deleted')) {
    return keptStill(machine.instanceStatus);
  }
  if (isNew) {
    await writePrimary(tx, { ...of, next: machineOf(body), isSwitch: false });
    await record(tx, now, {
      ...eventOf(candidate, 'agent_registered', 'info'),
      message: `New agent ${body.logical_agent_id} on ${body.instance_id} (${body.instance_type}, ${body.az})`,
      notify: true,
    });
    return { standing: 'primary' };
  }
  const fulfils = commandFulfilledBy(state, body);
  if (!fulfils && primary && isBeating(primary, now)) return keepBeside(tx, candidate);
  await succeed(tx, candidate, fulfils);
  return { standing: 'primary' };
}

const keptStill = (status: string): Admission => ({
  standing: status === 'running_replica' ? 'replica' : 'retired',
  message: `This machine is ${status.replace('_', ' ')} for its agent: the registration changed nothing`,
});

const isBeating = (primary: { lastSeenAt: Date | null }, now: Date) =>
  primary.lastSeenAt !== null && now.getTime() - primary.lastSeenAt.getTime() <= stillBeatingMs;

/**
 * The switch in flight that this machine was launched for: its mode and zone are those asked for (contract 9.6). v3.2
 * agents do not tell their mode, which counts as a match.
 */
function commandFulfilledBy({ inFlight }: AgentState, body: Registration) {
  if (!inFlight || inFlight.newInstanceId !== null) return undefined;
  const mode = body.mode ?? 'unknown';
  if (mode !== 'unknown' && mode !== inFlight.targetMode) return undefined;
  if (inFlight.targetMode === 'spot' && !inFlight.targetPoolId?.endsWith(`.${body.az}`)) return undefined;
  return inFlight;
}

function machineOf(body: Registration, mode = body.mode): Machine {
  return {
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
  };
}

const eventOf = ({ state: { agent }, body }: Candidate, type: string, severity: 'info' | 'warning') => ({
  clientId: agent.clientId,
  agentId: agent.id,
  instanceId: body.instance_id,
  type,
  severity,
});

/** Rule 2: the machine takes the agent over, and binds the switch that it was launched for. */
async function succeed(tx: Tx, candidate: Candidate, command: AgentState['inFlight']) {
  const { state, now, body } = candidate;
  const { agent, primary } = state;
  const mode = body.mode && body.mode !== 'unknown' ? body.mode : command?.targetMode;
  await changePrimary(tx, {
    agentId: agent.id,
    clientId: agent.clientId,
    epoch: agent.epoch,
    now,
    next: machineOf(body, mode),
    wasPrimary: false,
    former: primary ? [{ instanceId: primary.id, becomes: 'zombie' }] : [],
    command: command && { id: command.id, closes: false },
    isSwitch: command !== undefined,
    staysSwitching: state.inFlight?.status === 'dispatched',
  });
  await record(tx, now, {
    ...eventOf(candidate, 'agent_successor', 'info'),
    message: `${body.instance_id} took over agent ${agent.logicalAgentId}${primary ? ` from ${primary.id}` : ''}`,
    metadata: { commandId: command?.id ?? null, formerInstanceId: primary?.id ?? null },
  });
}

/** Rule 2's exception: the former primary lives and nothing asked for a second machine. It is kept, and keeps still. */
async function keepBeside(tx: Tx, candidate: Candidate): Promise<Admission> {
  const { state, now, body } = candidate;
  const { agent, primary } = state;
  await tx
    .insertInto('instances')
    .values({
      id: body.instance_id,
      clientId: agent.clientId,
      agentId: agent.id,
      instanceType: body.instance_type,
      region: body.region,
      az: body.az,
      amiId: body.ami_id ?? null,
      instanceStatus: 'running_replica',
      currentMode: body.mode ?? 'unknown',
      currentPoolId: poolOf(body.mode, body.instance_type, body.az),
      installedAt: now,
      lastSeenAt: now,
      createdAt: now,
    })
    .onDuplicateKeyUpdate({ instanceStatus: 'running_replica', isActive: true, lastSeenAt: now })
    .execute();
  await record(tx, now, {
    ...eventOf(candidate, 'agent_second_machine', 'warning'),
    message: `${body.instance_id} and ${primary?.id} both run agent ${agent.logicalAgentId}; the second one waits until the first falls silent`,
    notify: true,
    dedupeKey: `second_machine:${body.instance_id}`,
  });
  return {
    standing: 'replica',
    message: `${primary?.id} is this agent's primary and alive: this machine waits beside it`,
  };
}

/** Rule 3: the primary has started again; its facts may be new, a known mode is not overwritten by an unknown one. */
async function refreshPrimary(tx: Tx, candidate: Candidate) {
  const { state, now, body } = candidate;
  const { agent, inFlight } = state;
  const known = body.mode !== undefined && body.mode !== 'unknown';
  const pool = poolOf(body.mode, body.instance_type, body.az);
  await sql`
    UPDATE agents AS a INNER JOIN instances AS i ON i.id = ${body.instance_id} AND i.agent_id = a.id AND i.client_id = a.client_id
    SET a.version = a.version + 1, a.updated_at = ${now}, a.last_heartbeat_at = ${now}, a.terminated_at = NULL,
        a.status = ${inFlight?.status === 'dispatched' ? 'switching' : 'online'},
        a.hostname = ${body.hostname ?? null}, a.private_ip = ${body.private_ip ?? null}, a.public_ip = ${body.public_ip ?? null},
        a.agent_version = COALESCE(${body.agent_version ?? null}, a.agent_version),
        a.instance_type = ${body.instance_type}, a.region = ${body.region}, a.az = ${body.az},
        a.ami_id = COALESCE(${body.ami_id ?? null}, a.ami_id),
        a.current_mode = IF(${known}, ${body.mode ?? null}, a.current_mode),
        a.current_pool_id = IF(${known}, ${pool}, a.current_pool_id),
        i.version = i.version + 1, i.last_seen_at = ${now}, i.instance_type = ${body.instance_type}, i.region = ${body.region},
        i.az = ${body.az}, i.ami_id = COALESCE(${body.ami_id ?? null}, i.ami_id),
        i.current_mode = IF(${known}, ${body.mode ?? null}, i.current_mode),
        i.current_pool_id = IF(${known}, ${pool}, i.current_pool_id)
    WHERE a.id = ${agent.id} AND a.client_id = ${agent.clientId}`.execute(tx);
  if (agent.status === 'offline' || agent.status === 'deleted')
    await record(tx, now, {
      ...eventOf(candidate, 'agent_online', 'info'),
      message: `Agent ${agent.logicalAgentId} is back on ${body.instance_id}`,
      notify: true,
    });
}

/** The machine was set up under another logical id of the same tenant: that agent has lost it. */
async function releaseFromOtherAgent(tx: Tx, { state, now, body }: Candidate) {
  await sql`
    UPDATE instances AS i LEFT JOIN agents AS o ON o.id = i.agent_id AND o.client_id = i.client_id AND i.is_primary
    SET o.instance_id = NULL, o.status = 'offline', o.epoch = o.epoch + 1, o.version = o.version + 1, o.updated_at = ${now},
        i.is_primary = FALSE, i.agent_id = ${state.agent.id}, i.instance_status = 'running_replica', i.version = i.version + 1
    WHERE i.id = ${body.instance_id} AND i.client_id = ${state.agent.clientId}`.execute(tx);
}
