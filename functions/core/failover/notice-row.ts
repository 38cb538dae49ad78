import type { Tx } from '../../shared/db.ts';
import type { AgentState, Notice } from '../agent/state.ts';
import { noticeIdOf, type Signal, terminationTimeOf } from './signal.ts';

interface Place {
  readonly currentPoolId?: string | null;
  readonly poolId?: string;
  readonly instanceType: string | null;
  readonly region: string | null;
  readonly az: string | null;
}

interface FirstAnswer {
  readonly signal: Signal;
  /** Where the instance runs. */
  readonly place: Place | undefined;
  /** What is done about it, as stored in `response_action`. */
  readonly action: string;
  readonly replicaId: string | undefined;
}

/** Records a signal about an instance. Concurrent requests for the same signal write the same row. */
export async function insertNotice(
  tx: Tx,
  state: AgentState<'notice'>,
  { signal, place, action, replicaId }: FirstAnswer,
  now: Date,
): Promise<Notice> {
  const { agent } = state;
  const { detectedAt, instanceId, type } = signal;
  const facts = {
    id: noticeIdOf(state, signal),
    detectedAt,
    terminationTime: terminationTimeOf(signal),
    responseAction: action,
    replicaId: replicaId ?? null,
    failoverCompleted: false,
  };
  await tx
    .insertInto('spotInterruptionEvents')
    .values({
      ...facts,
      clientId: agent.clientId,
      agentId: agent.id,
      instanceId,
      signalType: type,
      poolId: place?.currentPoolId ?? place?.poolId ?? null,
      instanceType: place?.instanceType ?? null,
      region: place?.region ?? null,
      az: place?.az ?? null,
      replicaReady: action === 'promoted-replica',
      createdAt: now,
    })
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('spotInterruptionEvents.id') }))
    .execute();
  return { ...facts, createdAt: signal.announcedAt, failoverTimeMs: null };
}
