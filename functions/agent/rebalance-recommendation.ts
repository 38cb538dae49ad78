import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { priorities, switchCommand } from '../core/command/queue.ts';
import type { AgentInput } from '../core/decision/inputs.ts';
import { firstClosedGate, isFresh, poolRisk } from '../core/decision/policy.ts';
import { record } from '../core/event/events.ts';
import { stateOf } from '../decision/decide.ts';
import type { Db } from '../shared/db.ts';
import { heldTo } from '../shared/fields.ts';

/** Above this the current pool is left for another one, if there is one (contract A10). */
const riskLimit = 0.3;

interface Recommendation extends OfAgent {
  readonly now: Date;
  readonly body: { instance_id?: string | undefined; detected_at?: Date | undefined };
}

/**
 * EC2 sees an elevated risk for the machine (contract A10): that is recorded, once a machine and hour, and where the
 * pool has a history of interruptions and the gates are open, a switch to a calmer pool is queued. These are rules over
 * rows: no model has a say in it.
 * @throws AppError agent_not_found
 */
export async function adviseOnRebalance(db: Db, { clientId, ref, now, body }: Recommendation) {
  const state = await stateOf(db, clientId, ref, now);
  const primary = state.input.agent.instanceId;
  const instanceId = parseHandle(ref).instanceId ?? body.instance_id ?? primary ?? 'unknown';
  const advice = choose(state, now);
  await recordSignal(db, state, { instanceId, detectedAt: heldTo(now, body.detected_at), now, action: advice.action });
  if (advice.action === 'switch' && instanceId === primary) await queueIfOpen(db, state, advice, now);
  return advice;
}

function choose({ agent, pools }: AgentInput, now: Date) {
  const monitor = (risk_score: number, reason: string) =>
    ({ success: true, action: 'monitor', risk_score, reason }) as const;
  if (agent.currentMode !== 'spot' || agent.currentPoolId === null) return monitor(0, 'The agent is not on spot');
  const current = pools.find((pool) => pool.id === agent.currentPoolId);
  const risk = current ? poolRisk(current) : 0;
  if (risk <= riskLimit)
    return monitor(risk, `Risk ${risk.toFixed(2)} of ${agent.currentPoolId} is not above ${riskLimit}`);
  const calmest = pools
    .filter((pool) => pool.id !== agent.currentPoolId && isFresh(pool.at, now))
    .sort((a, b) => a.interruptions30d - b.interruptions30d || a.price - b.price)[0];
  if (!calmest) return monitor(risk, 'No other pool of the type and region has a fresh price');
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

/** The gates hold for this move too, but for the one that waits after a signal: this is the signal's own move. */
async function queueIfOpen(db: Db, { agent, input }: AgentInput, { target, reason }: Advice, now: Date) {
  const move = {
    action: 'switch_spot',
    mode: 'spot',
    poolId: target.id,
    risk: poolRisk(target),
    savingsPerHour: (input.prices.currentSpot ?? target.price) - target.price,
  } as const;
  const before = { ...input, agent: { ...input.agent, lastEmergencyAt: null } };
  if (firstClosedGate(before, move, now) !== null) return;
  const command = switchCommand(
    agent,
    { targetMode: 'spot', targetPoolId: target.id, priority: priorities.rebalance, createdBy: 'emergency', reason },
    now,
  );
  await db.insertInto('commands').values(command).onDuplicateKeyUpdate({ id: sql`commands.id` }).execute();
}

interface Signal {
  readonly instanceId: string;
  readonly detectedAt: Date;
  readonly now: Date;
  readonly action: 'switch' | 'monitor';
}

async function recordSignal(db: Db, { agent }: AgentInput, { instanceId, detectedAt, now, action }: Signal) {
  const of = { clientId: agent.clientId, agentId: agent.id, instanceId };
  // A recommendation has no end time; agents repeat it after a restart, so it counts once an hour.
  const hour = new Date(Math.floor(detectedAt.getTime() / 3600_000) * 3600_000);
  await db
    .insertInto('spotInterruptionEvents')
    .values({
      id: randomUUID(),
      ...of,
      signalType: 'rebalance-recommendation',
      terminationTime: hour,
      poolId: agent.currentPoolId,
      instanceType: agent.instanceType,
      region: agent.region,
      az: agent.az,
      detectedAt,
      responseAction: action,
      createdAt: now,
    })
    .onDuplicateKeyUpdate({ id: sql`spot_interruption_events.id` })
    .execute();
  await db
    .updateTable('agents')
    .set((eb) => ({ lastRebalanceRecommendationAt: now, version: eb('version', '+', 1) }))
    .where('id', '=', agent.id)
    .where('clientId', '=', agent.clientId)
    .execute();
  await record(db, now, {
    ...of,
    type: 'rebalance_recommendation',
    severity: 'warning',
    message: `EC2 recommends to move agent ${agent.logicalAgentId} off ${instanceId}`,
    metadata: { action },
    dedupeKey: `rebalance-recommendation:${instanceId}:${hour.getTime()}`,
  });
}
