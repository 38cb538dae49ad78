import type { Db } from '../../shared/db.ts';

interface Hold {
  readonly clientIds: readonly string[];
  readonly until: Date;
}

/** Until then, no agent of these tenants is told to launch anything. */
export async function holdLaunches(db: Db, { clientIds, until }: Hold): Promise<void> {
  await db
    .updateTable('clients')
    .set({ launchesHeldUntil: until })
    .where('id', 'in', [...clientIds])
    .execute();
}
