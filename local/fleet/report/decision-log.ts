import type { Query } from '../run/query.ts';

/** What the control plane would have done and did not, by the first gate that held it back. */
export async function refusedByGate(query: Query, clientId: string): Promise<ReadonlyMap<string, number>> {
  const rows = await query(
    `SELECT failed_gate, COUNT(*) AS refused FROM decisions
      WHERE client_id = :client AND allowed = FALSE AND recommended_action <> 'stay'
      GROUP BY failed_gate ORDER BY refused DESC`,
    { client: clientId },
  );
  return new Map(rows.map((row) => [String(row.failed_gate ?? 'not said'), Number(row.refused)]));
}
