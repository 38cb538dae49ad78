import { describe, expect, it } from 'vitest';
import {
  createReplica,
  FakeControlPlane,
  launchingReplicas,
  replicaStatus,
  terminatedReplicas,
  updateReplica,
} from '../../../support/fleet/fake-control-plane.ts';
import { market, simulatedFleet, t } from '../../../support/fleet/simulated-fleet.ts';

const api = FakeControlPlane.use();

describe('standbys of version 4', () => {
  it('are launched, and reported with their instance id and as ready', async () => {
    let left = 1;
    api.answer(launchingReplicas, () => ({
      replicas: left-- > 0 ? [{ id: 'rep-1', pool: { id: 'm5.large.us-east-1b', az: 'us-east-1b' } }] : [],
    }));
    const { run, fleet } = simulatedFleet(api);
    await run(90);
    const launched = fleet.ec2.instances[1]!;
    expect(launched).toMatchObject({ mode: 'spot', az: 'us-east-1b', cause: { kind: 'replica', id: 'rep-1' } });
    expect(api.to(updateReplica)[0]!.body).toEqual({ instance_id: launched.id, status: 'syncing' });
    expect(api.to(replicaStatus)[0]).toMatchObject({ at: 60, body: { status: 'ready' } });
  });

  it('that cannot be launched are reported as failed', async () => {
    api.answer(launchingReplicas, () => ({
      replicas: [{ id: 'rep-1', pool_id: 'm5.large.us-east-1c', az: 'us-east-1c' }],
    }));
    await simulatedFleet(api).run(31);
    expect(api.to(replicaStatus)[0]!.body).toMatchObject({
      status: 'failed',
      error_message: expect.stringContaining('InsufficientInstanceCapacity'),
    });
  });

  it('that are listed as terminated are ended once per process, and placeholders never', async () => {
    const { run, fleet } = simulatedFleet(api);
    const request = {
      type: 'm5.large',
      az: 'us-east-1b',
      mode: 'spot',
      agent: 'demo-1',
      cause: { kind: 'start' },
    } as const;
    const { id } = fleet.ec2.runInstances(request, market.start);
    api.answer(terminatedReplicas, () => ({
      replicas: [
        { id: 'rep-1', instance_id: id },
        { id: 'rep-2', instance_id: 'manual-123' },
      ],
    }));
    await run(200);
    expect(fleet.ec2.describe(id, t('01:00:00')).state).toBe('terminated');
    // Reports of the primary only: the standby's own agent gets the same responses.
    const byPrimary = api.to(replicaStatus).filter(({ agentId }) => agentId !== `agent~${id}`);
    expect(byPrimary.map(({ body }) => body)).toEqual([
      { status: 'terminated', is_active: false, terminated_at: '2024-01-01T00:00:30+00:00' },
    ]);
  });

  it('by command run before the control plane hears of them', async () => {
    api.queue({ command_type: 'create_replica' });
    api.answer(createReplica, () => ({ success: true, replica_id: 'rep-1' }));
    const { run, fleet } = simulatedFleet(api);
    await run(400);
    const [created] = api.to(createReplica);
    expect(created!.body).toEqual({
      pool_id: 'm5.large.us-east-1b',
      instance_id: fleet.ec2.instances[1]!.id,
      replica_type: 'manual',
      parent_instance_id: fleet.ec2.instances[0]!.id,
      status: 'launching',
    });
    expect(api.to(replicaStatus).map(({ body }) => body.status)).toEqual(['syncing', 'ready']);
  });
});
