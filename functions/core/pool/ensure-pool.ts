import type { Db } from '../../shared/db.ts';

/** The row of the pool that a machine is in, for what refers to it; a price may come later or never. */
export async function ensurePool(
  db: Db,
  now: Date,
  { instance_type, region, az }: { instance_type: string; region: string; az: string },
) {
  await db
    .insertInto('spotPools')
    .values({
      id: `${instance_type}.${az}`,
      instanceType: instance_type,
      region,
      az,
      poolName: `${instance_type} (${az})`,
      createdAt: now,
    })
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('spotPools.id') }))
    .execute();
}
