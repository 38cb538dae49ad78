import type { Query } from '../run/query.ts';

/** The control plane's own accounts of the tenant, USD, for the hours that have ended (docs/adr/0038). */
export interface Accounts {
  readonly baseline: number;
  readonly actual: number;
  readonly savings: number;
  /** The end of the last accounted hour; the fleet's own books are compared up to the same time. */
  readonly until: Date;
}

export async function accountsOf(query: Query, clientId: string): Promise<Accounts> {
  const [row] = await query(
    `SELECT COALESCE(SUM(baseline_cost), 0) AS baseline, COALESCE(SUM(actual_cost), 0) AS actual, COALESCE(SUM(savings), 0) AS savings,
        (SELECT accrued_until FROM savings_progress) AS until
      FROM client_savings_monthly WHERE client_id = :client`,
    { client: clientId },
  );
  if (!row?.until) throw new Error('no hour is accounted for yet');
  return {
    baseline: Number(row.baseline),
    actual: Number(row.actual),
    savings: Number(row.savings),
    until: new Date(`${String(row.until).replace(' ', 'T')}Z`),
  };
}
