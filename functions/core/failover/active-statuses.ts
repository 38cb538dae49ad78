import { sql } from 'kysely';

/** A standby in one of these may still take over; the generated column `is_active` says the same. */
export const activeStatuses = ['launching', 'syncing', 'ready'] as const;

/** The same for a statement: `r.status IN ${activeStatusList}`. */
export const activeStatusList = sql`(${sql.join([...activeStatuses])})`;
