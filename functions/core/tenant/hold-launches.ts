import type { Db } from '../../shared/db.ts';

interface Hold {
  readonly clientIds: readonly string[];
  readonly until: Date;
}

/** None of these tenants' agents is told of a launch until then. */
export async function holdLaunches(db: Db, { clientIds, until }: Hold): Promise<void> {
  await db
    .updateTable('clients')
    .set({ launchesHeldUntil: until })
    .where('id', 'in', [...clientIds])
    .execute();
}
