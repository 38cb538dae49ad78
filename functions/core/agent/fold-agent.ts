import { sql } from 'kysely';
import type { Tx } from '../../shared/db.ts';

/** The columns that carry over: what people set, and the work that is left. */
const carried = [
  'enabled',
  'auto_switch_enabled',
  'auto_terminate_enabled',
  'terminate_wait_seconds',
  'replica_enabled',
  'manual_replica_enabled',
  'min_savings_percent',
  'risk_threshold',
  'max_switches_per_week',
  'max_switches_per_day',
  'min_pool_duration_hours',
  'limits_set',
  'availability_target',
  'availability_form',
  'disruption_windows',
  'deadline',
  'restart_overhead_seconds',
  'remaining_work_seconds',
  'remaining_work_at',
] as const;

interface Fold {
  readonly clientId: string;
  readonly from: string;
  readonly into: string;
}

/** Marks an agent deleted and copies its settings to the agent that continues it. The caller has locked both. */
export async function foldAgent(tx: Tx, { clientId, from, into }: Fold, now: Date): Promise<void> {
  const settings = sql.join(carried.map((column) => sql`n.${sql.ref(column)} = a.${sql.ref(column)}`));
  await sql`
    UPDATE agents AS a INNER JOIN agents AS n ON n.client_id = a.client_id AND n.id = ${into}
    SET ${settings}, n.config_version = n.config_version + 1, n.version = n.version + 1, n.last_switch_at = ${now},
        n.updated_at = ${now}, a.status = 'deleted', a.version = a.version + 1, a.updated_at = ${now}
    WHERE a.id = ${from} AND a.client_id = ${clientId}`.execute(tx);
}
