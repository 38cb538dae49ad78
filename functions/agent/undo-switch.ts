import { changePrimary } from '../core/agent/primary.ts';
import { readAgent } from '../core/agent/read.ts';
import { provideStandby } from '../core/failover/provide-standby.ts';
import { reopenNotice } from '../core/failover/reopen-notice.ts';
import type { Tx } from '../shared/db.ts';

interface FailedSwitch {
  readonly clientId: string;
  readonly agentId: string;
  /** The instance that carried the switch out, and says that it failed: so it lives. */
  readonly instanceId: string;
  /** The successor that had registered by then. */
  readonly successorId: string;
}

/**
 * An agent that gives a switch up terminates the successor, which may have registered before: without this the role would
 * stay with an instance that is gone, and the one that lives would be asked to terminate itself. It gets the role back; the
 * successor is listed for termination, in case it still runs. A notice of the former primary is open again, if the switch
 * was what answered it. The caller holds the agent's lock.
 * @returns whether the role went back; it does not where anything else has become the primary since
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
