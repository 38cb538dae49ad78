import { parseHandle } from '../core/agent/identity.ts';
import { statusesOf } from '../core/agent/instance-statuses.ts';
import { readAgent } from '../core/agent/read.ts';
import type { Caller } from '../core/tenant/require-client.ts';
import type { Db } from '../shared/db.ts';
import { fromDecimal, fromDecimalOrNull } from '../shared/decimal.ts';
import { iso } from '../shared/time.ts';
import { agentItem } from './agent-item.ts';
import { availabilitySettings } from './availability-settings.ts';

/** The most pending commands shown; at most one of them is a switch. */
const pendingShown = 20;

/**
 * An agent, also a deleted one, with its settings, primary, standbys and pending commands (protocol C21). Two
 * statements.
 * @throws AppError agent_not_found
 */
export async function agentDetails(db: Db, { caller, ref }: { caller: Caller; ref: string }, now: Date) {
  const { agentId } = parseHandle(ref);
  const of = { clientId: caller.clientId, agentId, ref, deleted: true, with: { standbys: true } } as const;
  const { agent, primary, standbys } = await readAgent(db, of, now);
  const { commands, instances } = await commandsAndInstances(db, agent);
  return {
    ...agentItem(agent, instances),
    clientId: agent.clientId,
    privateIp: agent.privateIp,
    publicIp: agent.publicIp,
    amiId: agent.amiId,
    currentPoolId: agent.currentPoolId,
    minSavingsPercent: fromDecimal(agent.minSavingsPercent),
    riskThreshold: fromDecimal(agent.riskThreshold),
    maxSwitchesPerWeek: agent.maxSwitchesPerWeek,
    maxSwitchesPerDay: agent.maxSwitchesPerDay,
    minPoolDurationHours: agent.minPoolDurationHours,
    ...availabilitySettings(agent, now),
    configVersion: agent.configVersion,
    replicaCount: standbys.length,
    currentReplicaId: standbys[0]?.id ?? null,
    lastSwitchAt: iso(agent.lastSwitchAt),
    createdAt: agent.createdAt.toISOString(),
    primaryCause: agent.primaryCause,
    primaryChangedAt: iso(agent.primaryChangedAt),
    pendingCommands: commands,
    primaryInstance: primary
      ? {
          id: primary.id,
          type: primary.instanceType,
          region: primary.region,
          az: primary.az,
          mode: primary.currentMode,
          poolId: primary.currentPoolId,
          spotPrice: fromDecimalOrNull(primary.spotPrice),
          onDemandPrice: fromDecimalOrNull(primary.ondemandPrice),
          lastSeenAt: iso(primary.lastSeenAt),
        }
      : null,
    replicas: standbys.map((standby) => ({
      id: standby.id,
      instanceId: standby.instanceId,
      type: standby.replicaType,
      status: standby.status,
      poolId: standby.poolId,
      hourlyCost: fromDecimalOrNull(standby.hourlyCost),
      createdAt: standby.createdAt.toISOString(),
      readyAt: iso(standby.readyAt),
    })),
  };
}

async function commandsAndInstances(db: Db, { id, clientId }: { id: string; clientId: string }) {
  const rows = await db
    .selectFrom('agents as a')
    .leftJoin('commands as c', (join) =>
      join.onRef('c.agentId', '=', 'a.id').onRef('c.clientId', '=', 'a.clientId').on('c.status', '=', 'pending'),
    )
    .select(['c.id', 'c.commandType', 'c.targetMode', 'c.targetPoolId', 'c.priority', 'c.createdBy', 'c.createdAt'])
    .select((eb) =>
      eb
        .selectFrom('instances as x')
        .select(eb.fn.countAll<number>().as('count'))
        .whereRef('x.agentId', '=', 'a.id')
        .where('x.instanceStatus', 'in', statusesOf.active)
        .where('x.isActive', '=', true)
        .as('instances'),
    )
    .where('a.id', '=', id)
    .where('a.clientId', '=', clientId)
    .limit(pendingShown)
    .execute();
  const commands = rows.flatMap((row) =>
    row.id === null
      ? []
      : [
          {
            id: row.id,
            type: row.commandType!,
            targetMode: row.targetMode!,
            targetPoolId: row.targetPoolId,
            priority: row.priority!,
            createdBy: row.createdBy!,
            createdAt: row.createdAt!.toISOString(),
          },
        ],
  );
  return { commands, instances: Number(rows[0]?.instances ?? 0) };
}
