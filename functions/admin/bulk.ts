import { parseHandle } from '../core/agent/identity.ts';
import { lockAgent } from '../core/agent/lock.ts';
import type { By } from '../core/event/audit.ts';
import { changeSettings } from '../core/failover/change-settings.ts';
import { deleteAgent } from '../core/failover/delete-agent.ts';
import { DatabaseError } from '../shared/data-api/errors.ts';
import { type Db, type Tx, transact } from '../shared/db.ts';
import { AppError, agentNotFound } from '../shared/errors.ts';
import { logger } from '../shared/logger.ts';

type Operation = 'delete_agents' | 'enable_agents' | 'disable_agents';

interface Bulk {
  readonly operation: Operation;
  readonly agentIds: readonly string[];
}

/** Concurrent transactions: enough to finish 50 agents within the timeout without opening many connections. */
const atOnce = 5;

/**
 * Deletes, enables or disables agents of any tenants (protocol X13). Each agent is changed in its own transaction,
 * together with the change's audit row. A failure of one agent does not affect the others.
 */
export async function executeBulk(db: Db, { operation, agentIds }: Bulk, by: By, now: Date) {
  const results = new Map<string, { readonly success: boolean; readonly error?: string }>();
  const rest = new Set(agentIds).values();
  const drain = async () => {
    for (const agentId of rest) results.set(agentId, await tryOne(db, { operation, agentId }, by, now));
  };
  await Promise.all(Array.from({ length: atOnce }, drain));
  const listed = [...new Set(agentIds)].map((agentId) => ({ agent_id: agentId, ...results.get(agentId)! }));
  const failed = listed.filter(({ success }) => !success).length;
  return { success: failed === 0, operation, succeeded: listed.length - failed, failed, results: listed };
}

interface One {
  readonly operation: Operation;
  readonly agentId: string;
}

async function tryOne(db: Db, one: One, by: By, now: Date): Promise<{ success: boolean; error?: string }> {
  try {
    await transact(db, (tx) => changeOne(tx, one, by, now));
    return { success: true };
  } catch (error) {
    if (error instanceof AppError) return { success: false, error: error.message };
    logger.error('one agent of a bulk operation was not changed', { ...one, error: error as Error });
    const isBusy = error instanceof DatabaseError && error.kind !== 'broken';
    return { success: false, error: isBusy ? 'Nothing was changed; try again' : 'Internal server error' };
  }
}

async function changeOne(tx: Tx, { operation, agentId }: One, by: By, now: Date): Promise<void> {
  const state = await lockAgent(
    tx,
    {
      clientId: undefined,
      agentId: parseHandle(agentId).agentId,
      ref: agentId,
      with: { standbys: true, openSwitch: true },
    },
    now,
  );
  if (state.agent.status === 'deleted') throw agentNotFound(agentId);
  if (operation === 'delete_agents') await deleteAgent(tx, state, by, now);
  else await changeSettings(tx, state, { enabled: operation === 'enable_agents' }, by, now);
}
