import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { dayMs, dayOf, msAfter, msBefore, startOf } from '../../shared/time.ts';

/** Counts each tenant's switches and instances of yesterday, today and their months: four statements, idempotent. */
export async function countDays(db: Db, now: Date): Promise<number> {
  const today = startOf(dayMs, now);
  for (const day of [msBefore(today, dayMs), today]) {
    await sql`
      UPDATE client_savings_daily AS d
      SET d.switch_count = (SELECT COUNT(*) FROM switches AS s
          WHERE s.client_id = d.client_id AND s.initiated_at >= ${day} AND s.initiated_at < ${msAfter(day, dayMs)}),
        d.instance_count = (SELECT COUNT(DISTINCT r.instance_id) FROM cost_records AS r
          WHERE r.client_id = d.client_id AND r.period_start >= ${day} AND r.period_start < ${msAfter(day, dayMs)})
      WHERE d.savings_date = ${dayOf(day)}`.execute(db);
    await sql`
      UPDATE client_savings_monthly AS m
      INNER JOIN (
        SELECT client_id, SUM(switch_count) AS switches, MAX(instance_count) AS instances FROM client_savings_daily
        WHERE savings_date >= ${`${dayOf(day).slice(0, 7)}-01`} AND savings_date <= ${dayOf(day)} GROUP BY client_id
      ) AS d ON d.client_id = m.client_id
      SET m.switch_count = d.switches, m.instance_count = d.instances
      WHERE m.savings_year = ${day.getUTCFullYear()} AND m.savings_month = ${day.getUTCMonth() + 1}`.execute(db);
  }
  return 0;
}
