import { randomUUID } from 'node:crypto';
import { bucketOfLoss } from '../../../functions/core/failover/pool-losses.ts';
import type { Db } from '../../../functions/shared/db.ts';

/** Records that EC2 took an instance from a pool, as a notice and the job would for an agent that is long gone. */
export async function enterLoss(db: Db, { poolId, at }: { readonly poolId: string; readonly at: Date }): Promise<void> {
  await db
    .insertInto('spotInterruptionEvents')
    .values({
      id: randomUUID(),
      clientId: 'of any tenant',
      agentId: randomUUID(),
      instanceId: randomUUID(),
      signalType: 'termination-notice',
      terminationTime: at,
      poolId,
      detectedAt: at,
      createdAt: at,
    })
    .execute();
  await db
    .insertInto('poolLosses')
    .values({ poolId, bucket: bucketOfLoss(at) })
    .onDuplicateKeyUpdate((eb) => ({ bucket: eb.ref('poolLosses.bucket') }))
    .execute();
}
