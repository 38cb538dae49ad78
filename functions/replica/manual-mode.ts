import { lockAgent } from '../core/agent/lock.ts';
import { readAgent } from '../core/agent/read.ts';
import type { By } from '../core/event/audit.ts';
import { changeSettings } from '../core/failover/change-settings.ts';
import { bestStandby } from '../core/failover/standbys.ts';
import { type Db, transact } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import type { OfAgent } from './of-replica.ts';
import { promoteReplica } from './promote.ts';

/**
 * Turns manual mode on, which keeps a standby at all times and turns auto-switch off (protocol X22), or turns it off
 * (X23).
 * @returns whether this request changed it: a repeat changes nothing
 * @throws AppError agent_not_found, agent_too_old
 */
export function setManualReplica(
  db: Db,
  { on, ...of }: OfAgent & { readonly on: boolean },
  by: By,
  now: Date,
): Promise<boolean> {
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, { ...of, with: { standbys: true, openSwitch: true } }, now);
    const changes = await changeSettings(tx, state, { manualReplicaEnabled: on }, by, now);
    return changes.manualReplicaEnabled !== undefined;
  });
}

/**
 * Makes the agent's best standby the primary (protocol X24).
 * @throws AppError as `promoteReplica`; replica_not_found if no standby could take over
 */
export async function switchManually(db: Db, of: OfAgent, by: By, now: Date) {
  const { standbys } = await readAgent(db, { ...of, with: { standbys: true } }, now);
  const standby = bestStandby(standbys);
  if (!standby) throw new AppError('replica_not_found', 'Agent has no standby that could take over');
  return promoteReplica(db, { ...of, replicaId: standby.id, demote: false }, by, now);
}
