import { type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { priorities, queueUnlessOpen, switchCommand } from '../core/command/queue.ts';
import { poolRisk } from '../core/decision/decision-input.ts';
import { firstClosedGate } from '../core/decision/gates.ts';
import { type AgentInput, readInput } from '../core/decision/inputs.ts';
import { notPrimary, recordRecommendation } from '../core/failover/rebalance-recommendation.ts';
import { isFresh } from '../core/pool/freshness.ts';
import type { Db } from '../shared/db.ts';
import { heldTo } from '../shared/fields.ts';

/** Above this risk, the agent leaves its pool if there is another one (protocol A10). */
const riskLimit = 0.3;

interface Recommendation extends OfAgent {
  readonly body: { instance_id?: string | undefined; detected_at?: Date | undefined };
}

/**
 * Handles a rebalance recommendation of EC2's (protocol A10). It is recorded once an hour for each instance. If the
 * pool has a history of interruptions and the gates are open, a switch to a calmer pool is queued. The decision uses
 * rules only, no model. From an instance that is not the primary, the recommendation is only recorded: it says nothing
 * about the primary.
 * @throws AppError agent_not_found
 */
export async function adviseOnRebalance(db: Db, { clientId, ref, body }: Recommendation, now: Date) {
  const handle = parseHandle(ref);
  const state = await readInput(db, { clientId, ref, agentId: handle.agentId }, now);
  const primary = state.input.agent.instanceId;
  const instanceId = handle.instanceId ?? body.instance_id ?? primary ?? 'unknown';
  const { agent } = state;
  const detectedAt = heldTo(body.detected_at, now);
  if (instanceId !== primary) {
    const place = await placeOf(db, { clientId, agentId: agent.id, instanceId });
    await recordRecommendation(db, { agent, instanceId, place, detectedAt, action: notPrimary }, now);
    return monitor(0, `${instanceId} is not the primary: the recommendation is only recorded for its pool`);
  }
  const advice = choose(state, now);
  await recordRecommendation(db, { agent, instanceId, place: agent, detectedAt, action: advice.action }, now);
  if (advice.action === 'switch') await queueIfOpen(db, state, advice, now);
  return advice;
}

const placeOf = (db: Db, of: { clientId: string; agentId: string; instanceId: string }) =>
  db
    .selectFrom('instances')
    .select(['currentPoolId', 'instanceType', 'region', 'az'])
    .where('id', '=', of.instanceId)
    .where('agentId', '=', of.agentId)
    .where('clientId', '=', of.clientId)
    .executeTakeFirst();

const monitor = (risk_score: number, reason: string) =>
  ({ success: true, action: 'monitor', risk_score, reason }) as const;

function choose({ agent, pools }: AgentInput, now: Date) {
  if (agent.currentMode !== 'spot' || agent.currentPoolId === null) return monitor(0, 'The agent is not on spot');
  const current = pools.find((pool) => pool.id === agent.currentPoolId);
  const risk = current ? poolRisk(current) : 0;
  if (risk <= riskLimit)
    return monitor(risk, `${agent.currentPoolId} has a risk of ${risk.toFixed(2)}, which is not above ${riskLimit}`);
  const calmest = pools
    .filter((pool) => pool.id !== agent.currentPoolId && isFresh(pool.at, now))
    .sort((a, b) => a.interruptions30d - b.interruptions30d || a.price - b.price)[0];
  if (!calmest) return monitor(risk, 'No other pool of this type and region has a fresh price');
  return {
    success: true,
    action: 'switch',
    risk_score: risk,
    reason: `${agent.currentPoolId} has a risk of ${risk.toFixed(2)}; ${calmest.id} was interrupted least`,
    target_mode: 'spot',
    target_pool_id: calmest.id,
    target_pool_name: calmest.name,
    target: calmest,
  } as const;
}

type Advice = Extract<ReturnType<typeof choose>, { action: 'switch' }>;

/** Queues the move if the gates are open. The pause after a signal and the disruption windows do not hold it back. */
async function queueIfOpen(db: Db, { agent, input, prices }: AgentInput, { target, reason }: Advice, now: Date) {
  const price = prices.paid('spot', target.price);
  const move = {
    action: 'switch_spot',
    mode: 'spot',
    poolId: target.id,
    risk: poolRisk(target),
    savingsPerHour: (input.prices.currentSpot ?? price) - price,
  } as const;
  const beforeSignal = {
    ...input,
    agent: { ...input.agent, lastEmergencyAt: null },
    config: { ...input.config, disruptionWindows: null },
  };
  if (firstClosedGate(beforeSignal, move, now)) return;
  const place = { targetMode: 'spot', targetPoolId: target.id } as const;
  const command = { agent, ...place, priority: priorities.rebalance, createdBy: 'emergency', reason } as const;
  await queueUnlessOpen(db, [switchCommand(command, now)]);
}
