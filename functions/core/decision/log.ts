import { randomUUID } from 'node:crypto';
import type { Db } from '../../shared/db.ts';
import type { AgentInput } from './inputs.ts';
import { type Decision, policyVersion } from './policy.ts';

export interface Logged extends AgentInput {
  readonly decision: Decision;
  /** Who asked: the loop, an agent's `decide`, a rebalance recommendation. */
  readonly source: 'loop' | 'agent' | 'rebalance';
  readonly commandId?: string | undefined;
}

/** Writes decisions with what they were taken from, in one statement (docs/adr/0006). */
export async function logDecisions(db: Db, now: Date, decisions: readonly Logged[]): Promise<void> {
  if (decisions.length === 0) return;
  await db
    .insertInto('decisions')
    .values(
      decisions.map(({ agent, input, decision, source, commandId }) => ({
        id: randomUUID(),
        clientId: agent.clientId,
        agentId: agent.id,
        instanceId: input.agent.instanceId,
        decisionTime: now,
        source,
        recommendedAction: decision.action,
        recommendedMode: decision.mode,
        recommendedPoolId: decision.poolId,
        riskScore: decision.risk.toFixed(4),
        expectedSavingsPerHour: decision.savingsPerHour.toFixed(6),
        allowed: decision.allowed,
        failedGate: decision.failedGate,
        reason: decision.reason.slice(0, 500),
        confidence: decision.confidence.toFixed(2),
        modelVersion: policyVersion,
        commandId: commandId ?? null,
        inputs: input,
      })),
    )
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('decisions.id') }))
    .execute();
}
