import type { Candidate } from '../core/failover/placement.ts';

interface Created {
  readonly id: string;
  readonly instanceId: string | null;
  readonly pool: Pick<Candidate, 'id' | 'name' | 'instanceType' | 'region' | 'az' | 'price'>;
  readonly status: string;
  readonly message: string;
}

/** The response of R1. */
export const answer = ({ id, instanceId, pool, status, message }: Created) => ({
  success: true as const,
  replica_id: id,
  instance_id: instanceId,
  pool: { id: pool.id, name: pool.name, instance_type: pool.instanceType, region: pool.region, az: pool.az },
  hourly_cost: pool.price,
  status,
  message,
});
