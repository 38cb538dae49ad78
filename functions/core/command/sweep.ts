import { sql } from 'kysely';
import type { Db, Tx } from '../../shared/db.ts';
import { eachAlone } from '../../shared/for-each-isolated.ts';
import { changeFreeAgents } from '../agent/skip-locked.ts';
import { record } from '../event/events.ts';
import { recordSwitch } from './switch-record.ts';

/** Commands a run closes one by one; the next run, a minute later, takes the rest. */
const batch = 100;

/**
 * Closes commands whose time has run out (contract 9.6, 10.3): one that nobody fetched expires; one that was handed out
 * and never reported is complete if its successor has registered and lives, and has failed if none came.
 * An agent that terminates its own machine never reports, so this is how most of its switches end.
 * @param now the schedule's time, not the clock's
 */
export async function closeDueCommands(db: Db, now: Date): Promise<number> {
  const due = await db
    .selectFrom('commands')
    .select(['id', 'agentId', 'clientId', 'status'])
    .where((eb) =>
      eb.or([
        eb.and([eb('status', '=', 'dispatched'), eb('leaseUntil', '<=', now)]),
        eb.and([eb('status', '=', 'pending'), eb('expiresAt', '<=', now)]),
      ]),
    )
    .limit(batch)
    .execute();
  return eachAlone('closing a command', due, (command) =>
    changeFreeAgents(db, [command.agentId], false, async (tx) => {
      await (command.status === 'pending' ? expire(tx, command, now) : closeDue(tx, command, now));
      return true;
    }),
  );
}

interface DueCommand {
  readonly id: string;
  readonly agentId: string;
  readonly clientId: string;
}

const expire = (tx: Tx, { id, clientId }: DueCommand, now: Date) =>
  tx
    .updateTable('commands')
    .set({ status: 'expired', message: 'no agent fetched it in time', completedAt: now })
    .where('id', '=', id)
    .where('clientId', '=', clientId)
    .where('status', '=', 'pending')
    .execute();

async function closeDue(tx: Tx, { id, agentId, clientId }: DueCommand, now: Date) {
  const command = await tx
    .selectFrom('agents as a')
    .innerJoin('commands as c', 'c.agentId', 'a.id')
    .selectAll('c')
    .select(['a.logicalAgentId', 'a.status as agentStatus', 'a.instanceId as primaryId'])
    .where('a.id', '=', agentId)
    .where('a.clientId', '=', clientId)
    .where('c.id', '=', id)
    .where('c.status', '=', 'dispatched')
    .executeTakeFirst();
  if (!command) return; // closed since it was listed
  const succeeded = command.newInstanceId !== null && command.newInstanceId === command.primaryId;
  const message = succeeded
    ? 'inferred: its successor registered and runs'
    : 'expired: no successor registered in time';
  await sql`
    UPDATE agents AS a INNER JOIN commands AS c ON c.agent_id = a.id AND c.client_id = a.client_id
    SET c.status = ${succeeded ? 'completed' : 'failed'}, c.success = ${succeeded}, c.inferred = ${succeeded},
        c.message = ${message}, c.completed_at = ${now}, a.version = a.version + 1,
        a.status = IF(a.status = 'switching', 'online', a.status)
    WHERE a.id = ${agentId} AND a.client_id = ${clientId} AND c.id = ${id}`.execute(tx);
  if (succeeded && command.commandType === 'switch') await inferSwitch(tx, command, now);
  else
    await record(tx, now, {
      clientId,
      agentId,
      type: 'command_expired',
      severity: 'error',
      message: `Agent ${command.logicalAgentId} was told to ${command.commandType.replace('_', ' ')} to ${command.targetPoolId ?? command.targetMode} and nothing came of it`,
      metadata: { commandId: id },
      notify: true,
    });
}

/** The switch that nobody reported, from what both machines' rows know. */
async function inferSwitch(
  tx: Tx,
  command: {
    id: string;
    agentId: string;
    clientId: string;
    instanceId: string | null;
    newInstanceId: string | null;
    dispatchedTo: string | null;
    dispatchedAt: Date | null;
    createdBy: string;
    logicalAgentId: string;
  },
  now: Date,
) {
  const machines = await tx
    .selectFrom('instances')
    .selectAll()
    .where('agentId', '=', command.agentId)
    .where('clientId', '=', command.clientId)
    .where('id', 'in', [command.dispatchedTo ?? '', command.newInstanceId ?? ''])
    .execute();
  const side = (id: string | null) => {
    const machine = machines.find((row) => row.id === id);
    return {
      instanceId: id ?? 'unknown',
      instanceType: machine?.instanceType ?? undefined,
      region: machine?.region ?? undefined,
      az: machine?.az ?? undefined,
      amiId: machine?.amiId ?? undefined,
      mode: machine?.currentMode,
      poolId: machine?.currentPoolId ?? undefined,
      spotPrice: machine?.spotPrice == null ? undefined : Number(machine.spotPrice),
    };
  };
  const onDemand = machines.map((machine) => machine.ondemandPrice).find((price) => price !== null);
  await recordSwitch(tx, {
    clientId: command.clientId,
    agentId: command.agentId,
    commandId: command.id,
    from: side(command.dispatchedTo),
    to: side(command.newInstanceId),
    onDemandPrice: onDemand == null ? undefined : Number(onDemand),
    trigger: command.createdBy,
    timing: { initiatedAt: command.dispatchedAt ?? now },
    inferred: true,
    now,
  });
  await record(tx, now, {
    clientId: command.clientId,
    agentId: command.agentId,
    instanceId: command.newInstanceId ?? undefined,
    type: 'switch_completed',
    severity: 'info',
    message: `Agent ${command.logicalAgentId} moved to ${command.newInstanceId}, as its registration shows; no report came`,
    metadata: { commandId: command.id, inferred: true },
    notify: true,
  });
}
