import { type Insertable, sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import type { PricingSnapshotsCleanTable } from '../../shared/schema.ts';

/**
 * Upserts prices by bucket: one statement. A source with a higher priority replaces the stored price; at equal priority
 * the first one stays.
 * @param rows at least one, ordered by pool
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
      // Last, because the other columns compare with the old value.
      sourcePriority: sql`GREATEST(VALUES(source_priority), source_priority)`,
    })
    .execute();
}
