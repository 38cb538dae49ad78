import type { Db } from '../../shared/db.ts';
import type { AwsLookup } from '../../shared/schema.ts';

/** Stands for a region in the row about assuming the tenant's role, which precedes a look-up in any region. */
export const roleItself = 'role';

/** The state of look-ups in a tenant's account: a row for each region that was tried, and one for the role. */
export const readLookups = (db: Db, clientId: string): Promise<AwsLookup[]> =>
  db.selectFrom('awsLookups').selectAll().where('clientId', '=', clientId).execute();

export async function saveLookup(db: Db, { clientId, region, ...row }: AwsLookup): Promise<void> {
  await db
    .insertInto('awsLookups')
    .values({ clientId, region, ...row })
    .onDuplicateKeyUpdate(row)
    .execute();
}
