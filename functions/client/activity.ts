import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../shared/db.ts';

/** A decision for an agent, or an event of it. */
interface Entry {
  readonly agentId: string;
  readonly at: Date;
  readonly type: string;
  readonly text: string;
}

type DecisionType = 'stay' | 'switch_spot' | 'switch_ondemand';

export interface Activity {
  /** Newest first; `at` is when the same decision was last made. */
  readonly decisions: readonly (Entry & { readonly type: DecisionType; readonly allowed: boolean })[];
  readonly events: readonly (Entry & { readonly severity: string })[];
}

export const emptyActivity: Activity = { decisions: [], events: [] };

const shown = 5;
/** Reasons and messages are cut to this length, so that ten for each of 100 agents fit one Data API response. */
const textLength = 200;

interface Row extends Omit<Entry, 'type'> {
  readonly what: string;
  readonly kind: 'decision' | 'event';
  readonly allowed: number | null;
  readonly severity: string | null;
}

/** The newest five decisions and five events of each of these agents. One statement, which reads no other rows. */
export async function readActivity(
  db: Db,
  { clientId, agentIds }: { readonly clientId: string; readonly agentIds: readonly string[] },
): Promise<ReadonlyMap<string, Activity>> {
  if (agentIds.length === 0) return new Map();
  const parts = agentIds.flatMap((id) => [decisionsOf(clientId, id), eventsOf(clientId, id)]);
  const { rows } = await sql<Row>`${sql.join(parts, sql` UNION ALL `)}`.execute(db);
  return new Map(
    [...Map.groupBy(rows, ({ agentId }) => agentId)].map(([id, entries]) => [
      id,
      {
        decisions: entries
          .filter(({ kind }) => kind === 'decision')
          .map(({ allowed, what, ...entry }) => ({ ...entry, type: what as DecisionType, allowed: Boolean(allowed) })),
        events: entries
          .filter(({ kind }) => kind === 'event')
          .map(({ severity, what, ...entry }) => ({ ...entry, type: what, severity: severity ?? 'info' })),
      },
    ]),
  );
}

const decisionsOf = (clientId: string, agentId: string): RawBuilder<unknown> => sql`
  (SELECT 'decision' AS kind, d.agent_id, d.last_time AS at, d.recommended_action AS what,
     LEFT(d.reason, ${textLength}) AS text, d.allowed, NULL AS severity
   FROM decisions AS d WHERE d.agent_id = ${agentId} AND d.client_id = ${clientId}
   ORDER BY d.decision_time DESC LIMIT ${shown})`;

const eventsOf = (clientId: string, agentId: string): RawBuilder<unknown> => sql`
  (SELECT 'event', e.agent_id, e.created_at, e.event_type, LEFT(e.message, ${textLength}), NULL, e.severity
   FROM system_events AS e WHERE e.agent_id = ${agentId} AND e.client_id = ${clientId}
   ORDER BY e.created_at DESC LIMIT ${shown})`;
