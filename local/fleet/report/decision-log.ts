import type { Query } from '../run/query.ts';

/** How many moves the control plane recommended but refused, by the first gate that refused them. */
export async function refusedByGate(query: Query, clientId: string): Promise<ReadonlyMap<string, number>> {
  const rows = await query(
    `SELECT failed_gate, SUM(times) AS refused FROM decisions
      WHERE client_id = :client AND allowed = FALSE AND recommended_action <> 'stay'
      GROUP BY failed_gate ORDER BY refused DESC`,
    { client: clientId },
  );
  return new Map(rows.map((row) => [String(row.failed_gate ?? 'unknown gate'), Number(row.refused)]));
}
