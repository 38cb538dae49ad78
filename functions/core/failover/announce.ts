import type { Tx } from '../../shared/db.ts';
import { fromDecimalOrNull } from '../../shared/decimal.ts';
import { markInterruption } from '../agent/interruption.ts';
import type { AgentState, Standby } from '../agent/state.ts';
import { record, type SystemEvent } from '../event/events.ts';
import { findPool } from './candidates.ts';
import { insertNotice } from './notice-row.ts';
import type { Candidate } from './placement.ts';
import { goOnDemand } from './provide-standby.ts';
import { noticeIdOf, type Signal, terminationTimeOf } from './signal.ts';
import { standbyPolicy } from './standby-policy.ts';
import { insertStandby } from './standby-rows.ts';
import { bestStandby } from './standbys.ts';

export interface Wishes {
  readonly excludeZones?: readonly string[] | undefined;
  readonly preferredZones?: readonly string[] | undefined;
}

/** What is being done for an instance that EC2 may or will reclaim. */
export type Preparation =
  | {
      readonly kind: 'standby';
      readonly replicaId: string;
      readonly instanceId: string | null;
      readonly existing: boolean;
      readonly pool: Pick<Candidate, 'id' | 'name' | 'az' | 'price'>;
    }
  /** The agent has been told to switch to on-demand. */
  | { readonly kind: 'on-demand' }
  /** The agent is already carrying out a switch; the new instance will take over. */
  | { readonly kind: 'switching' }
  /** No standby can be launched now. EC2 may or may not reclaim the instance. */
  | { readonly kind: 'no-pool' };

interface Announcement {
  readonly signal: Signal;
  readonly wishes?: Wishes;
  /** Set if the notice is already recorded. */
  readonly noticeId: string | undefined;
  /** The caller decided this because it found no standby that can take over now. */
  readonly foundNone?: boolean;
}

type State = AgentState<'standbys' | 'openSwitch' | 'notice'>;

/**
 * Follows the standby policy: uses the existing standby, queues a new one, or sends the agent to on-demand. Also
 * records what EC2 announced about the agent's primary.
 */
export async function announce(tx: Tx, state: State, announcement: Announcement, now: Date): Promise<Preparation> {
  const { standbys, agent, primary } = state;
  const { signal, wishes, noticeId, foundNone = false } = announcement;
  const existing = bestStandby(standbys) ?? standbys[0];
  const plan = standbyPolicy({ ...state, occasion: signal.type }, now);
  const pool = plan.do === 'launch' ? await findPool(tx, state, { ...wishes, emergency: true }, now) : undefined;
  const standby =
    plan.do === 'launch' && pool
      ? await insertStandby(tx, state, { pool, standby: { type: plan.type, ...madeFor(signal) } }, now)
      : undefined;
  const otherwise = plan.do === 'launch' && !pool ? plan.otherwise : plan.do;
  const way =
    otherwise === 'go-on-demand' ? ((await goOnDemand(tx, state, now)) ? 'on-demand' : 'switching') : 'no-pool';
  if (noticeId === undefined) {
    const action = standby ? 'created-replica' : existing ? 'existing-replica' : way;
    const replicaId = standby?.id ?? existing?.id;
    await insertNotice(tx, state, { signal, place: primary, action, replicaId }, now);
  }
  const mark = {
    agent,
    instanceId: signal.instanceId,
    signal: signal.type,
    terminationTime: terminationTimeOf(signal),
  };
  await markInterruption(tx, { ...mark, madeStandby: standby !== undefined, foundNone }, now);
  const poolId = existing?.poolId ?? standby?.poolId;
  if (noticeId === undefined) await record(tx, eventOf(state, signal, poolId ? { poolId } : { way }), now);
  if (existing) return preparedBy(existing);
  if (standby && pool) return { kind: 'standby', replicaId: standby.id, instanceId: null, existing: false, pool };
  return { kind: way };
}

const madeFor = (signal: Signal) => ({
  createdBy: 'emergency',
  interruption: {
    signal: signal.type,
    detectedAt: signal.detectedAt,
    terminationTime: signal.terminationTime ?? null,
  },
});

const preparedBy = ({ id, instanceId, poolId, az, hourlyCost }: Standby): Preparation => ({
  kind: 'standby',
  replicaId: id,
  instanceId,
  existing: true,
  pool: { id: poolId, name: poolId, az, price: fromDecimalOrNull(hourlyCost) },
});

/** How the agent proceeds without a standby. */
type Way = Exclude<Preparation['kind'], 'standby'>;

const ways: Record<Way, string> = {
  'on-demand': 'no standby can be launched, so it goes on-demand',
  switching: 'its switch is under way, and the successor takes over',
  'no-pool': 'a standby is needed, but none can be launched now',
};

function eventOf(
  state: State,
  signal: Signal,
  answer: { readonly poolId: string } | { readonly way: Way },
): SystemEvent {
  const { agent } = state;
  const isTaken = signal.type === 'termination-notice';
  const what = isTaken ? 'is ending' : 'may interrupt';
  const answered = 'poolId' in answer ? `a standby in ${answer.poolId} is being prepared` : ways[answer.way];
  return {
    clientId: agent.clientId,
    agentId: agent.id,
    instanceId: signal.instanceId,
    type: isTaken ? 'termination_notice' : 'rebalance_recommendation',
    severity: 'poolId' in answer ? 'warning' : 'error',
    message: `EC2 ${what} ${signal.instanceId} of agent ${agent.logicalAgentId}: ${answered}`,
    notify: true,
    dedupeKey: `announced:${noticeIdOf(state, signal)}`,
  };
}
