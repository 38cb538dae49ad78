import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import type { Agent } from '../../shared/schema.ts';
import { hourMs, startOf } from '../../shared/time.ts';
import { noteRecommendation } from '../agent/agents.ts';
import { record } from '../event/events.ts';

type Place = Pick<Agent, 'currentPoolId' | 'instanceType' | 'region' | 'az'>;

interface Recommendation {
  readonly agent: Agent;
  readonly instanceId: string;
  /** Where that instance runs; `undefined` if unknown. */
  readonly place: Place | undefined;
  readonly detectedAt: Date;
  /** What the agent was advised to do. */
  readonly action: string;
}

/** The action for an instance that is not the primary: the recommendation then says something about its pool only. */
export const notPrimary = 'not-primary';

/** Recommendations have no end time, and agents repeat them after a restart: each instance counts once an hour. */
export const recommendationHour = (detectedAt: Date) => startOf(hourMs, detectedAt);

/** Records a rebalance recommendation that an agent reported: at most three statements, each idempotent. */
export async function recordRecommendation(db: Db, recommendation: Recommendation, now: Date): Promise<void> {
  const { agent, instanceId, place, detectedAt, action } = recommendation;
  const of = { clientId: agent.clientId, agentId: agent.id, instanceId };
  const hour = recommendationHour(detectedAt);
  await db
    .insertInto('spotInterruptionEvents')
    .values({
      id: randomUUID(),
      ...of,
      signalType: 'rebalance-recommendation',
      terminationTime: hour,
      poolId: place?.currentPoolId ?? null,
      instanceType: place?.instanceType ?? null,
      region: place?.region ?? null,
      az: place?.az ?? null,
      detectedAt,
      responseAction: action,
      createdAt: now,
    })
    .onDuplicateKeyUpdate({ id: sql`spot_interruption_events.id` })
    .execute();
  if (action !== notPrimary) await noteRecommendation(db, agent, now);
  await record(
    db,
    {
      ...of,
      type: 'rebalance_recommendation',
      severity: 'warning',
      message: `EC2 recommends moving agent ${agent.logicalAgentId} off ${instanceId}`,
      metadata: { action },
      dedupeKey: `rebalance-recommendation:${instanceId}:${hour.getTime()}`,
    },
    now,
  );
}
