import { sql } from 'kysely';
import { type Caller, requireClient } from '../core/tenant/require-client.ts';
import type { Db } from '../shared/db.ts';
import { dayMs, iso, msBefore } from '../shared/time.ts';

interface Downtime {
  readonly caller: Caller;
  readonly clientId: string;
  readonly days: number;
}

interface Row {
  readonly kind: 'trigger' | 'longest';
  readonly label: string;
  readonly switches: number;
  readonly seconds: number | null;
  readonly longest: number | null;
  readonly at: Date | null;
}

/**
 * How long a tenant's workloads were without an instance during switches (protocol X19). One statement, two for an
 * operator.
 * @throws AppError client_not_found
 */
export async function downtime(db: Db, { caller, clientId, days }: Downtime, now: Date) {
  await requireClient(db, caller, clientId);
  const since = msBefore(now, days * dayMs);
  const { rows } = await sql<Row>`
    SELECT 'trigger' AS kind, s.event_trigger AS label, COUNT(*) AS switches, SUM(s.downtime_seconds) AS seconds,
      MAX(s.downtime_seconds) AS longest, NULL AS at
    FROM switches AS s WHERE s.client_id = ${clientId} AND s.initiated_at > ${since} GROUP BY s.event_trigger
    UNION ALL (SELECT 'longest', x.id, 1, x.downtime_seconds, x.downtime_seconds, x.initiated_at
      FROM switches AS x WHERE x.client_id = ${clientId} AND x.initiated_at > ${since} AND x.downtime_seconds > 0
      ORDER BY x.downtime_seconds DESC LIMIT 1)`.execute(db);
  const triggers = rows
    .filter(({ kind }) => kind === 'trigger')
    .map((row) => ({
      trigger: row.label,
      switches: Number(row.switches),
      downtime_seconds: Number(row.seconds ?? 0),
      longest_seconds: Number(row.longest ?? 0),
    }));
  const longest = rows.find(({ kind }) => kind === 'longest');
  const sum = (of: (one: (typeof triggers)[number]) => number) => triggers.reduce((total, one) => total + of(one), 0);
  const switches = sum((one) => one.switches);
  const seconds = sum((one) => one.downtime_seconds);
  return {
    days,
    total_switches: switches,
    total_downtime_seconds: seconds,
    average_downtime_seconds: switches === 0 ? 0 : Math.round((seconds / switches) * 100) / 100,
    by_trigger: triggers,
    longest: longest
      ? { switch_id: longest.label, downtime_seconds: Number(longest.seconds), timestamp: iso(longest.at) }
      : null,
  };
}
