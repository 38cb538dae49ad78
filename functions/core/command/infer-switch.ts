import type { Tx } from '../../shared/db.ts';
import type { Command, Instance } from '../../shared/schema.ts';
import { record } from '../event/events.ts';
import { recordSwitch, type SwitchSide } from './switch-record.ts';

/** Records a switch that nobody reported (protocol 9.1), from the rows of both instances. */
export async function recordInferredSwitch(
  tx: Tx,
  command: Command & { readonly logicalAgentId: string },
  now: Date,
): Promise<void> {
  const { id, clientId, agentId, dispatchedTo, dispatchedAt, newInstanceId, createdBy } = command;
  const instances = await tx
    .selectFrom('instances')
    .selectAll()
    .where('agentId', '=', agentId)
    .where('clientId', '=', clientId)
    .where('id', 'in', [dispatchedTo ?? '', newInstanceId ?? ''])
    .execute();
  await recordSwitch(
    tx,
    {
      clientId,
      agentId,
      commandId: id,
      from: sideOf(instances, dispatchedTo),
      to: sideOf(instances, newInstanceId),
      onDemandPrice: instances.map(({ ondemandPrice }) => ondemandPrice).find((price) => price !== null),
      trigger: createdBy,
      timing: { initiatedAt: dispatchedAt ?? now },
      inferred: true,
    },
    now,
  );
  await record(
    tx,
    {
      clientId,
      agentId,
      instanceId: newInstanceId ?? undefined,
      type: 'switch_completed',
      severity: 'info',
      message: `Agent ${command.logicalAgentId} moved to ${newInstanceId}, as its registration shows; no report came`,
      metadata: { commandId: id, inferred: true },
      notify: true,
    },
    now,
  );
}

function sideOf(instances: readonly Instance[], id: string | null): SwitchSide {
  const instance = instances.find((row) => row.id === id);
  return {
    ...instance,
    instanceId: id ?? 'unknown',
    mode: instance?.currentMode,
    poolId: instance?.currentPoolId,
  };
}
