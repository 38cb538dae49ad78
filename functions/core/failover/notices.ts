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
 * What comes of EC2's announcements (protocol 9.5): rules over rows, which work without model, schedules and decision
 * engine. The same notice by both ways, in any order and number, is one failover.
 */
export type NoticeState = AgentState<'standbys' | 'openSwitch' | 'notice'>;

/** What a rule for notices reads of an agent, about the instance that EC2 names. */
export const forNotice = (instanceId: string | undefined) =>
  ({ standbys: true, openSwitch: true, notice: instanceId }) as const;

/** How a caller comes to the agent. */
interface Approach {
  /** What it read of the agent just now: it spares a look, and is looked at anew if it has changed meanwhile. */
  readonly seen?: NoticeState | undefined;
  /**
   * For a caller that has other agents to see to and is told again: an agent that somebody else holds is a conflict at
   * once, instead of something to wait for.
   */
  readonly skipLocked?: boolean;
}

/**
 * Makes sure that a standby is on its way for an instance that EC2 may or will take away (protocol R8). An active one is
 * used; otherwise one is queued for launch, in another pool. An instance that is taken for certain is marked, so that the
 * first standby that comes up takes over even if R9 never comes, and its agent is sent to on-demand where there is no pool.
 * @throws AppError agent_not_found; auto_switch_disabled for a rebalance recommendation where moves are not wanted
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
        hint: 'A termination notice is acted on whatever the settings',
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
 * EC2 takes an instance away (protocol R9). A standby that is an instance takes over at once; where there is none yet, the
 * agent is marked, and the first standby that comes up takes over then. The first outcome is the answer to every repeat,
 * whoever brings it.
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
 * Decides in a transaction on what is there, and anew when that has changed meanwhile (docs/adr/0009). The reading takes
 * no lock, so one that was made before the transaction is as good as one within it.
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
