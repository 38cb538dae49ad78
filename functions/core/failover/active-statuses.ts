import { sql } from 'kysely';

/** A standby in one of these may still take over; the generated column `is_active` says the same. */
export const activeStatuses = ['launching', 'syncing', 'ready'] as const;

/** The same for a statement: `r.status IN ${activeStatusList}`. */
export const activeStatusList = sql`(${sql.join([...activeStatuses])})`;

/** Whether `agents AS a` has a standby, for a statement. */
export const hasStandby = sql<boolean>`EXISTS (SELECT 1 FROM replica_instances AS x
  WHERE x.agent_id = a.id AND x.client_id = a.client_id AND x.is_active)`;

/** The same of a standby that still has to come up. */
export const isStandbyComing = sql<boolean>`EXISTS (SELECT 1 FROM replica_instances AS x
  WHERE x.agent_id = a.id AND x.client_id = a.client_id AND x.is_active AND x.status <> 'ready')`;
