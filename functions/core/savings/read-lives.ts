import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { hourMs, msAfter, msBefore } from '../../shared/time.ts';
import type { Life } from './account-hour.ts';
import { toMicros } from './money.ts';
import type { PriceReader } from './read-prices.ts';

/** The lifetimes of an agent's instances that ran in an hour. */
export interface AgentLives {
  readonly agentId: string;
  readonly clientId: string;
  readonly lives: readonly Life[];
}

interface Wanted {
  readonly agentIds: readonly string[];
  readonly hour: Date;
  readonly readPrices: PriceReader;
}

/** Reads the agents' instances of an hour: one statement, plus those for prices that no earlier batch has read. */
export async function readLives(db: Db, { agentIds, hour, readPrices }: Wanted): Promise<AgentLives[]> {
  const rows = await db
    .selectFrom('instances as i')
    .select(['i.id', 'i.agentId', 'i.clientId', 'i.instanceType', 'i.region', 'i.currentMode', 'i.currentPoolId'])
    .select(['i.installedAt', 'i.terminatedAt', 'i.zombieAt', 'i.detachedAt', 'i.primarySince'])
    .select(['i.spotPrice', 'i.ondemandPrice'])
    .select(
      sql<boolean>`EXISTS (SELECT 1 FROM spot_interruption_events AS e
        WHERE e.instance_id = i.id AND e.signal_type = 'termination-notice')`.as('isInterrupted'),
    )
    .where('i.agentId', 'in', [...agentIds])
    .where((eb) => eb.or([eb('i.terminatedAt', 'is', null), eb('i.terminatedAt', '>', hour)]))
    .where('i.installedAt', '<', msAfter(hour, hourMs))
    .execute();
  const prices = await readPrices(
    rows.map(({ clientId, instanceType, region, currentPoolId }) => ({
      clientId,
      instanceType,
      region,
      poolId: currentPoolId,
    })),
  );
  const lives = rows.map((row) => ({ row, life: lifeOf(row, prices(row)) }));
  return [...Map.groupBy(lives, ({ row }) => row.agentId).values()].map((those) => ({
    agentId: those[0]!.row.agentId,
    clientId: those[0]!.row.clientId,
    lives: those.map(({ life }) => life),
  }));
}

interface Row {
  readonly id: string;
  readonly instanceType: string | null;
  readonly currentMode: Life['mode'];
  readonly installedAt: Date;
  readonly terminatedAt: Date | null;
  readonly zombieAt: Date | null;
  readonly detachedAt: Date | null;
  readonly primarySince: Date | null;
  readonly spotPrice: string | null;
  readonly ondemandPrice: string | null;
  readonly isInterrupted: boolean;
}

const lifeOf = (row: Row, prices: Pick<Life, 'spot' | 'onDemand'>): Life => ({
  instanceId: row.id,
  instanceType: row.instanceType,
  mode: row.currentMode,
  from: row.installedAt.getTime(),
  to: row.terminatedAt?.getTime(),
  primarySince: row.primarySince?.getTime(),
  servedUntil: earliest(row.zombieAt, row.detachedAt),
  isInterrupted: Boolean(row.isInterrupted),
  reportedSpot: row.spotPrice === null ? undefined : toMicros(row.spotPrice),
  reportedOnDemand: row.ondemandPrice === null ? undefined : toMicros(row.ondemandPrice),
  ...prices,
});

function earliest(...times: readonly (Date | null)[]): number | undefined {
  const known = times.flatMap((time) => (time === null ? [] : [time.getTime()]));
  return known.length > 0 ? Math.min(...known) : undefined;
}

interface Page {
  readonly clientId: string | undefined;
  readonly after: string | null;
  readonly hour: Date;
  readonly limit: number;
}

/** A page of agents that may have had an instance in an hour, of one or all tenants, in id order. */
export async function agentsAfter(db: Db, { clientId, after, hour, limit }: Page) {
  // For one tenant, the optimizer would scan all tenants' agents because they are in id order.
  const ofOne = clientId === undefined ? sql`` : sql`FORCE INDEX (uq_agents_logical_id)`;
  // A deleted agent's last instances may keep running for a while.
  const { rows } = await sql<{ id: string }>`
    SELECT a.id FROM agents AS a ${ofOne}
    WHERE (a.terminated_at IS NULL OR a.terminated_at > ${msBefore(hour, 7 * 24 * hourMs)})
      ${clientId === undefined ? sql`` : sql`AND a.client_id = ${clientId}`}
      ${after === null ? sql`` : sql`AND a.id > ${after}`}
    ORDER BY a.id LIMIT ${sql.lit(limit)}`.execute(db);
  return rows;
}
