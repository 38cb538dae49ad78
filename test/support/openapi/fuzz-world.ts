import { randomUUID } from 'node:crypto';
import type { TestInstance } from '../agents/test-instance.ts';
import type { Rig } from '../rig/rig.ts';
import { tenantWorld } from '../scenes/tenant-world.ts';

/** What requests are about: the token to send, and the values of the names in paths and bodies. */
export interface FuzzWorld {
  readonly token: string;
  readonly ids: Record<string, string>;
}

/**
 * Creates a tenant with one of everything that a path names. If idle, no switch is under way and the standby is ready;
 * routes may need either state.
 * @param id the route's, for what it needs besides
 */
export async function fuzzWorld(rig: Rig, id: string, isIdle: boolean): Promise<FuzzWorld> {
  const operator = id === 'O3' ? await newOperator(rig) : undefined;
  const { tenant, instance, ids } = await tenantWorld(rig, operator);
  const { token } = tenant;
  const link =
    id === 'X36'
      ? await rig.asAdmin('POST', '/api/admin/export-links', { export: 'global-stats' })
      : await rig.request('POST', `/api/client/${tenant.id}/export-links`, { token, body: { export: 'savings' } });
  if (id === 'R1') await letCreateStandby(instance, ids.replica_id!);
  else if (isIdle) {
    await instance.executed(ids.command_id!, { success: false });
    await instance.putReplica(ids.replica_id!, `i-${randomUUID().slice(0, 8)}`);
    await instance.replicaStatus(ids.replica_id!, 'ready');
  }
  const known = { pool_id: 'm5.large.us-east-1b', instance_type: 'm5.large', region: 'us-east-1', token };
  return { token, ids: { ...ids, ...known, link: link.body.url.split('/').at(-1) } };
}

async function newOperator(rig: Rig): Promise<string> {
  const make = () => rig.asAdmin('POST', '/api/admin/operators', { name: `o ${randomUUID()}`, role: 'viewer' });
  const made = await make();
  if (made.status === 201) return made.body.id;
  // Requests to O1 have reached the limit of operators, so one of them is deleted.
  const operators: { id: string; status: string }[] = (await rig.asAdmin('GET', '/api/admin/operators')).body;
  await rig.asAdmin('DELETE', `/api/admin/operators/${operators.find(({ status }) => status === 'active')!.id}`);
  return (await make()).body.id;
}

async function letCreateStandby(instance: TestInstance, replicaId: string): Promise<void> {
  await instance.deleteReplica(replicaId);
  await instance.set({ manualReplicaEnabled: true, autoSwitchEnabled: false });
}
