import { type Insertable, sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import type { PricingSnapshotsCleanTable } from '../../shared/schema.ts';

/**
 * Keeps prices by bucket, in one statement: one from a source of higher priority replaces what is there, of equals the first stays.
 * @param rows in the order of their pools, at least one
 */
export async function upsertBuckets(db: Db, rows: readonly Insertable<PricingSnapshotsCleanTable>[]): Promise<void> {
  const ifHigher = (column: string) =>
    sql<never>`IF(VALUES(source_priority) > source_priority, VALUES(${sql.ref(column)}), ${sql.ref(column)})`;
  await db
    .insertInto('pricingSnapshotsClean')
    .values([...rows])
    .onDuplicateKeyUpdate({
      spotPrice: ifHigher('spotPrice'),
      ondemandPrice: ifHigher('ondemandPrice'),
      savingsPercent: ifHigher('savingsPercent'),
      sourceType: ifHigher('sourceType'),
      confidenceScore: ifHigher('confidenceScore'),
      dataSource: ifHigher('dataSource'),
      interpolationMethod: ifHigher('interpolationMethod'),
      observedAt: ifHigher('observedAt'),
      // Last, since the other columns compare with what it was.
      sourcePriority: sql`GREATEST(VALUES(source_priority), source_priority)`,
    })
    .execute();
}
