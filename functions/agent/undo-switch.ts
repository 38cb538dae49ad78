import { changePrimary } from '../core/agent/primary.ts';
import { readAgent } from '../core/agent/read.ts';
import { provideStandby } from '../core/failover/provide-standby.ts';
import { reopenNotice } from '../core/failover/reopen-notice.ts';
import type { Tx } from '../shared/db.ts';

interface FailedSwitch {
  readonly clientId: string;
  readonly agentId: string;
  /** The instance that executed the switch and reports that it failed, so it is alive. */
  readonly instanceId: string;
  /** The successor, which had already registered. */
  readonly successorId: string;
}

/**
 * Makes the instance that abandoned a switch the primary again. The agent terminates the successor, which may already
 * be the primary: without this the primary would be an instance that is gone, and the live one would be told to
 * terminate itself. The successor is listed for termination in case it still runs. An interruption notice of the former
 * primary is reopened if the switch was the response to it. The caller holds the agent's lock.
 * @returns whether the role went back; it does not if another instance has become the primary since
 */
export async function undoSwitch(tx: Tx, failed: FailedSwitch, now: Date): Promise<boolean> {
  const { clientId, agentId, instanceId, successorId } = failed;
  const wanted = { instance: instanceId, standbys: true, openSwitch: true } as const;
  const state = await readAgent(tx, { clientId, agentId, with: wanted }, now);
  const { agent, primary, instance } = state;
  const isReplaced = instance?.agentId === agentId && instance.instanceStatus === 'zombie';
  if (!isReplaced || primary?.id !== successorId) return false;
  const next = { ...instance, instanceId, mode: instance.currentMode };
  const former = [{ instanceId: successorId, becomes: 'zombie' as const }];
  await changePrimary(tx, { agent, cause: 'switch_undone', next, former }, now);
  if (await reopenNotice(tx, { clientId, agentId, formerId: instanceId }, now)) {
    const pending = { pendingTerminationAt: now, pendingTerminationInstance: instanceId };
    const after = { ...state, agent: { ...agent, ...pending }, primary: { ...primary, ...instance } };
    await provideStandby(tx, after, { occasion: 'standby-lost' }, now);
  }
  return true;
}
