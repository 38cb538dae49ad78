import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import type { Agent } from '../../shared/schema.ts';
import type { DecisionInput, PoolState } from './policy.ts';

const dayMs = 24 * 3600_000;

/** An agent with what the policy has to know of it, and the priced pools of its type and region. */
export interface AgentInput {
  readonly agent: Agent;
  readonly input: DecisionInput;
  readonly pools: readonly Pool[];
}

/** Of whom: agents by id, for a job; or one tenant's agent, for a call in its name. */
export type Whose = { readonly ids: readonly string[] } | { readonly clientId: string; readonly agentId: string };

/**
 * The state of agents for the policy: two statements, however many agents. Prices are those of the latest reports;
 * counts are of the agents' own rows, and of interruptions of all agents in a pool.
 */
export async function readInputs(db: Db, whose: Whose, now: Date): Promise<AgentInput[]> {
  const agents = await readAgents(db, whose, now);
  const pools = await readPools(db, agents, now);
  return agents.map(({ agent, counts }) => {
    const ofPlace = pools.filter((pool) => pool.instanceType === agent.instanceType && pool.region === agent.region);
    return {
      agent,
      pools: ofPlace,
      input: {
        agent: {
          instanceId: counts.primaryId,
          status: agent.status,
          enabled: agent.enabled,
          autoSwitchEnabled: agent.autoSwitchEnabled,
          mode: agent.currentMode,
          poolId: agent.currentPoolId,
          lastSwitchAt: agent.lastSwitchAt,
          switches24h: counts.switches24h,
          switches7d: counts.switches7d,
          hasOpenCommand: counts.openCommands > 0,
          lastEmergencyAt: counts.lastEmergencyAt,
          hasEmergencyReplica: counts.emergencyReplicas > 0,
          lastFailedSwitchAt: counts.lastFailedSwitchAt,
        },
        prices: {
          onDemand: counts.onDemand,
          currentSpot: agent.currentMode === 'spot' ? counts.spot : null,
          pools: ofPlace.map(({ id, price, at, interruptions30d }) => ({ id, price, at, interruptions30d })),
        },
        config: {
          minSavingsPercent: Number(agent.minSavingsPercent),
          riskThreshold: Number(agent.riskThreshold),
          maxSwitchesPerWeek: agent.maxSwitchesPerWeek,
          maxSwitchesPerDay: agent.maxSwitchesPerDay,
          minPoolDurationHours: agent.minPoolDurationHours,
        },
      },
    };
  });
}

async function readAgents(db: Db, whose: Whose, now: Date) {
  const week = new Date(now.getTime() - 7 * dayMs);
  const day = new Date(now.getTime() - dayMs);
  const rows = await db
    .selectFrom('agents as a')
    .leftJoin('instances as i', 'i.primaryOf', 'a.id')
    .leftJoin('ondemandPrices as o', (join) =>
      join.onRef('o.instanceType', '=', 'a.instanceType').onRef('o.region', '=', 'a.region'),
    )
    .selectAll('a')
    .select(['i.id as primaryId', 'i.spotPrice', 'i.ondemandPrice', 'o.price as onDemandOfType'])
    .select([
      sql<number>`(SELECT COUNT(*) FROM switches AS s WHERE s.agent_id = a.id AND s.initiated_at > ${day})`.as(
        'switches24h',
      ),
      sql<number>`(SELECT COUNT(*) FROM switches AS s WHERE s.agent_id = a.id AND s.initiated_at > ${week})`.as(
        'switches7d',
      ),
      sql<number>`(SELECT COUNT(*) FROM commands AS c WHERE c.open_switch_of = a.id)`.as('openCommands'),
      sql<Date | null>`(SELECT MAX(e.created_at) FROM spot_interruption_events AS e WHERE e.agent_id = a.id)`.as(
        'lastEmergencyAt',
      ),
      sql<Date | null>`(
        SELECT MAX(c.completed_at) FROM commands AS c
        WHERE c.agent_id = a.id AND c.status = 'failed' AND c.command_type = 'switch')`.as('lastFailedSwitchAt'),
      sql<number>`(SELECT COUNT(*) FROM replica_instances AS r WHERE r.automatic_of = a.id)`.as('emergencyReplicas'),
    ])
    .$call((query) =>
      'ids' in whose
        ? query.where('a.id', 'in', whose.ids)
        : query.where('a.id', '=', whose.agentId).where('a.clientId', '=', whose.clientId),
    )
    .execute();
  return rows.map((row) => {
    const { primaryId, spotPrice, ondemandPrice, onDemandOfType, ...rest } = row;
    const { switches24h, switches7d, openCommands, lastEmergencyAt, emergencyReplicas, lastFailedSwitchAt, ...agent } =
      rest;
    const onDemand = ondemandPrice ?? onDemandOfType;
    return {
      agent,
      counts: {
        primaryId,
        switches24h,
        switches7d,
        openCommands,
        emergencyReplicas,
        lastEmergencyAt,
        lastFailedSwitchAt,
        onDemand: onDemand === null ? null : Number(onDemand),
        spot: spotPrice === null ? null : Number(spotPrice),
      },
    };
  });
}

export type Pool = PoolState & {
  readonly instanceType: string;
  readonly region: string;
  readonly az: string;
  readonly name: string;
};

/** The priced pools of the types and regions that agents are in. */
async function readPools(
  db: Db,
  places: readonly { readonly agent: Pick<Agent, 'instanceType' | 'region'> }[],
  now: Date,
): Promise<Pool[]> {
  const unique = new Map(
    places
      .filter(({ agent }) => agent.instanceType !== null && agent.region !== null)
      .map(({ agent }) => [
        `${agent.instanceType} ${agent.region}`,
        { type: agent.instanceType!, region: agent.region! },
      ]),
  );
  if (unique.size === 0) return [];
  const month = new Date(now.getTime() - 30 * dayMs);
  const rows = await db
    .selectFrom('spotPools as p')
    .select(['p.id', 'p.instanceType', 'p.region', 'p.az', 'p.poolName', 'p.latestPrice', 'p.latestAt'])
    .select(
      // By the hour: when a pool is lost, every agent in it is told, and that is one interruption (docs/adr/0010).
      sql<number>`(SELECT COUNT(DISTINCT DATE_FORMAT(e.created_at, '%Y%m%d%H')) FROM spot_interruption_events AS e
        WHERE e.pool_id = p.id AND e.created_at > ${month})`.as('interruptions30d'),
    )
    .where((eb) =>
      eb.or(
        [...unique.values()].map(({ type, region }) =>
          eb.and([eb('p.instanceType', '=', type), eb('p.region', '=', region)]),
        ),
      ),
    )
    .where('p.isActive', '=', true)
    .where('p.latestPrice', 'is not', null)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    instanceType: row.instanceType,
    region: row.region,
    az: row.az,
    name: row.poolName,
    price: Number(row.latestPrice),
    at: row.latestAt!,
    interruptions30d: row.interruptions30d,
  }));
}
