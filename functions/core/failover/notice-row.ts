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
  /** The pool that the instance is in. */
  readonly place: Place | undefined;
  /** What is done about it, in a word: it stays on record. */
  readonly action: string;
  readonly replicaId: string | undefined;
}

/** Writes the first that is heard of an instance's end; whoever hears it at the same time writes the same row. */
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
