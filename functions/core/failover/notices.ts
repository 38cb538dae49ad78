import { type Db, type Tx, transact } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import { msBetween } from '../../shared/time.ts';
import { takeLock } from '../agent/lock.ts';
import { readAgent } from '../agent/read.ts';
import type { AgentState } from '../agent/state.ts';
import { announce, type Preparation, type Wishes } from './announce.ts';
import { loseStandby } from './lose-standby.ts';
import { insertNotice } from './notice-row.ts';
import { promote } from './promote.ts';
import { knownNotice, type Signal } from './signal.ts';
import { bestStandby } from './standbys.ts';

/**
 * How EC2's signals are handled (protocol 9.5): rules over database rows that need no model, schedule or decision
 * engine. A notice that comes from both the agent and EventBridge, in any order and number, causes one failover.
 */
export type NoticeState = AgentState<'standbys' | 'openSwitch' | 'notice'>;

/** The parts of an agent's state that notice rules need, for the instance that EC2 names. */
export const forNotice = (instanceId: string | undefined) =>
  ({ standbys: true, openSwitch: true, notice: instanceId }) as const;

/** How the caller reaches the agent. */
interface Approach {
  /** State that the caller has just read: it saves a read. If it proves stale, the state is read again. */
  readonly seen?: NoticeState | undefined;
  /**
   * For callers that have other agents to handle and will get the signal again: a locked agent is a conflict at once
   * instead of a wait.
   */
  readonly skipLocked?: boolean;
}

/**
 * Makes sure that a standby is on its way for an instance that EC2 may or will reclaim (protocol R8). Uses an active
 * standby, or queues one for launch in another pool. On a termination notice it also marks the agent, so that the first
 * standby to come up takes over even if R9 never arrives, and sends the agent to on-demand if there is no pool.
 * @throws AppError agent_not_found; auto_switch_disabled for a rebalance recommendation while auto-switch is off
 */
export async function prepareStandby(
  db: Db,
  { signal, wishes = {}, ...approach }: { readonly signal: Signal; readonly wishes?: Wishes } & Approach,
  now: Date,
): Promise<Preparation | { readonly kind: 'not-primary' }> {
  return decided(db, { signal, ...approach }, now, async (tx, state) => {
    if (signal.type === 'rebalance-recommendation' && !state.agent.autoSwitchEnabled)
      throw new AppError('auto_switch_disabled', 'Auto-switch is off: a rebalance recommendation is not acted on', {
        reason: 'auto_switch_disabled',
        hint: 'A termination notice is acted on regardless of the settings',
      });
    if (state.primary?.id !== signal.instanceId) return { kind: 'not-primary' };
    return announce(tx, state, { signal, wishes, noticeId: knownNotice(state, signal, now)?.id }, now);
  });
}

export type Outcome =
  | {
      readonly kind: 'promoted';
      readonly replicaId: string | null;
      readonly newInstanceId: string;
      readonly timeMs: number;
    }
  | { readonly kind: 'pending'; readonly replicaId: string | undefined }
  | { readonly kind: 'on-demand' }
  | { readonly kind: 'switching' }
  | { readonly kind: 'standby-lost'; readonly replicaId: string }
  | { readonly kind: 'not-primary' };

/**
 * Handles EC2 reclaiming an instance (protocol R9). A standby with an instance takes over at once. If there is none
 * yet, the agent is marked, and the first standby to come up takes over. Once a failover is done, repeats from any
 * source get the same outcome.
 * @param input `preferredId`: the standby that the agent knows of
 * @throws AppError agent_not_found
 */
export async function handleTermination(
  db: Db,
  {
    signal,
    preferredId,
    ...approach
  }: { readonly signal: Signal; readonly preferredId?: string | undefined } & Approach,
  now: Date,
): Promise<Outcome> {
  return decided(db, { signal, ...approach }, now, async (tx, state) => {
    const { primary, agent, standbys } = state;
    const notice = knownNotice(state, signal, now);
    if (notice?.failoverCompleted && agent.instanceId !== null && agent.instanceId !== signal.instanceId)
      return {
        kind: 'promoted',
        replicaId: notice.replicaId,
        newInstanceId: agent.instanceId,
        timeMs: notice.failoverTimeMs ?? 0,
      };
    if (notice?.responseAction === 'standby-lost' && notice.replicaId !== null)
      return { kind: 'standby-lost', replicaId: notice.replicaId };
    const lost = standbys.find((standby) => standby.instanceId === signal.instanceId);
    if (lost) return loseStandby(tx, state, { standby: lost, signal }, now);
    if (primary?.id !== signal.instanceId) return { kind: 'not-primary' };
    const standby = bestStandby(standbys, preferredId);
    if (standby) {
      const first = { signal, place: primary, action: 'promoted-replica', replicaId: standby.id };
      const answered = notice ?? (await insertNotice(tx, state, first, now));
      await promote(tx, { ...state, notice: answered }, standby, { cause: 'failover' }, now);
      const timeMs = Math.max(0, msBetween(answered.createdAt, now));
      return { kind: 'promoted', replicaId: standby.id, newInstanceId: standby.instanceId!, timeMs };
    }
    if (agent.pendingTerminationInstance === signal.instanceId && standbys[0])
      return { kind: 'pending', replicaId: standbys[0].id };
    const announced = await announce(tx, state, { signal, noticeId: notice?.id, foundNone: true }, now);
    if (announced.kind === 'standby') return { kind: 'pending', replicaId: announced.replicaId };
    return { kind: announced.kind === 'switching' ? 'switching' : 'on-demand' };
  });
}

/**
 * Runs `decide` in a transaction, and again on freshly read state if the state changed meanwhile (docs/adr/0009). The
 * read takes no lock, so one from before the transaction is as good as one inside it.
 */
function decided<T>(
  db: Db,
  { signal, seen, skipLocked = false }: { readonly signal: Signal } & Approach,
  now: Date,
  decide: (tx: Tx, state: NoticeState) => Promise<T>,
): Promise<T> {
  const { clientId, agentId, instanceId } = signal;
  let known = seen;
  return transact(db, async (tx) => {
    if (skipLocked) await takeLock(tx, { clientId, agentId, skipLocked });
    const state = known ?? (await readAgent(tx, { clientId, agentId, with: forNotice(instanceId) }, now));
    known = undefined;
    return decide(tx, state);
  });
}
