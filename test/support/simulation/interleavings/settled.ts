import { randomUUID } from 'node:crypto';
import type { InstanceStatus } from '../../../../functions/shared/schema.ts';
import type { TestInstance } from '../../agents/test-instance.ts';
import type { World } from '../world.ts';

interface Settled {
  readonly zombie: TestInstance;
  readonly primary: TestInstance;
  readonly replica: TestInstance;
}

/** Inserts a primary, its retired predecessor and a replica as registration leaves them, but in one go. */
export async function settle({ rig, tenant, logicalId }: World, { zombie, primary, replica }: Settled): Promise<void> {
  const now = rig.clock.now();
  const id = randomUUID();
  const { type, region, az, mode, version } = primary.facts;
  const facts = { clientId: tenant.id, instanceType: type, region, az, amiId: 'ami-1', currentMode: mode };
  const row = (instance: TestInstance, instanceStatus: InstanceStatus) => ({
    ...facts,
    id: instance.id,
    agentId: id,
    instanceStatus,
    isPrimary: instanceStatus === 'running_primary',
    isActive: instanceStatus !== 'zombie',
    zombieAt: instanceStatus === 'zombie' ? now : null,
    installedAt: now,
    lastSeenAt: now,
    createdAt: now,
  });
  await Promise.all([
    rig.db
      .insertInto('agents')
      .values({
        ...facts,
        id,
        logicalAgentId: logicalId,
        status: 'online',
        instanceId: primary.id,
        agentVersion: version,
        lastHeartbeatAt: now,
        createdAt: now,
        updatedAt: now,
      })
      .execute(),
    rig.db
      .insertInto('instances')
      .values([row(zombie, 'zombie'), row(primary, 'running_primary'), row(replica, 'running_replica')])
      .execute(),
  ]);
  for (const instance of [zombie, primary, replica]) instance.handle = `${id}~${instance.id}`;
}
