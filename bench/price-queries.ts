import type { Connection } from 'mariadb';
import type { ControlPlane } from '../local/control-plane.ts';
import type { Cost } from './cost.ts';
import { type RowsExamined, sumOf } from './rows-examined.ts';

/** The price queries that consoles send for one instance. */
const queries = [
  'pricing',
  'price-history?days=7',
  'price-history?days=30&interval=day',
  'available-options',
  'pool-volatility?days=7',
];

/** The cost of each query, sent once as the operator: Data API calls, rows that the database reads, and time. */
export async function measureQueries(
  plane: ControlPlane,
  connection: Connection,
  examined: RowsExamined,
): Promise<Readonly<Record<string, Cost>>> {
  const [{ id }] = await connection.query('SELECT instance_id AS id FROM agents ORDER BY id LIMIT 1');
  const costs: Record<string, Cost> = {};
  for (const query of queries) {
    await examined.read();
    const before = plane.dataApi.calls;
    const began = performance.now();
    const answer = await fetch(`${plane.url}/api/client/instances/${id}/${query}`, {
      headers: { authorization: `Bearer ${plane.adminToken}` },
    });
    if (!answer.ok) throw new Error(`${query}: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
    const seconds = (performance.now() - began) / 1000;
    const calls = plane.dataApi.calls - before;
    costs[`GET ${query}`] = { calls, rows: sumOf(await examined.read()), seconds, changed: 0 };
  }
  return costs;
}
