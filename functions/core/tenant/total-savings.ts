import { sql } from 'kysely';
import { caseOf } from '../../shared/case-of.ts';
import type { Tx } from '../../shared/db.ts';
import { inList } from '../../shared/in-list.ts';

interface Addition {
  readonly clientId: string;
  /** DECIMAL text, dollars. */
  readonly savings: string;
}

/** Adds to the total savings of tenants: one statement. */
export async function addToTotalSavings(tx: Tx, additions: readonly Addition[]): Promise<void> {
  const added = caseOf(
    'id',
    additions.map(({ clientId, savings }) => [clientId, sql`CAST(${savings} AS DECIMAL(20,6))`]),
    sql`0`,
  );
  await sql`
    UPDATE clients SET total_savings = total_savings + ${added}
    WHERE id IN ${inList(additions.map(({ clientId }) => clientId))}`.execute(tx);
}
