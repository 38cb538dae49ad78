import { sql } from 'kysely';

/** A standby in one of these statuses can still take over. The generated column `is_active` uses the same list. */
export const activeStatuses = ['launching', 'syncing', 'ready'] as const;

/** The same list for SQL: `r.status IN ${activeStatusList}`. */
export const activeStatusList = sql`(${sql.join([...activeStatuses])})`;

/** SQL condition: `agents AS a` has an active standby. */
export const hasStandby = sql<boolean>`EXISTS (SELECT 1 FROM replica_instances AS x
  WHERE x.agent_id = a.id AND x.client_id = a.client_id AND x.is_active)`;

/** SQL condition: `agents AS a` has an active standby that is not ready yet. */
export const isStandbyComing = sql<boolean>`EXISTS (SELECT 1 FROM replica_instances AS x
  WHERE x.agent_id = a.id AND x.client_id = a.client_id AND x.is_active AND x.status <> 'ready')`;
