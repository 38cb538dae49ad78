import { randomUUID } from 'node:crypto';
import type { TestInstance } from '../agents/test-instance.ts';
import type { Tenant } from '../rig/api.ts';
import type { Rig } from '../rig/rig.ts';

/** A tenant with one of everything that a path can name. */
export interface TenantWorld {
  readonly tenant: Tenant;
  readonly instance: TestInstance;
  /** By path parameter. */
  readonly ids: Readonly<Record<string, string>>;
}

/** @param operatorId the id for `{operator_id}`: an operator belongs to no tenant */
export async function tenantWorld(rig: Rig, operatorId: string = randomUUID()): Promise<TenantWorld> {
  const instance = await rig.primary();
  const { tenant } = instance;
  await instance.report(0.1, { 'us-east-1a': 0.04, 'us-east-1b': 0.03 });
  await instance.queueSwitch('m5.large.us-east-1b');
  const [command] = (await instance.pendingCommands()).body;
  const replica_id = await instance.addReplica();
  const spare = await rig.asAdmin('POST', `/api/client/${tenant.id}/tokens`, { name: 'spare', scope: 'read' });
  // Nobody listens there.
  const webhook = { url: 'http://127.0.0.1:1025/hook', digest_minutes: 60 };
  await rig.asAdmin('PUT', `/api/client/${tenant.id}/webhook`, webhook);
  const alert = await rig.request('POST', `/api/client/${tenant.id}/pricing-alerts`, {
    token: tenant.token,
    body: { pool_id: 'm5.large.us-east-1a', threshold: 0.01 },
  });
  const whatIf = await rig.request('POST', `/api/client/${tenant.id}/what-if`, { token: tenant.token, body: {} });
  const [notification] = (await rig.asAdmin('GET', `/api/notifications?client_id=${tenant.id}`)).body;
  const ids = {
    agent_id: instance.handle,
    client_id: tenant.id,
    command_id: command.id,
    replica_id,
    instance_id: instance.id,
    alert_id: alert.body.alert_id,
    token_id: spare.body.id,
    run_id: whatIf.body.run_id,
    notif_id: notification.id,
    operator_id: operatorId,
    link: 'no-link',
    file: 'start.js',
  };
  return { tenant, instance, ids };
}

/** The path of a route with the ids of a world. */
export const pathWith = (path: string, ids: Readonly<Record<string, string>>) =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (!(name in ids)) throw new Error(`tenantWorld makes no ${name}: add one`);
    return ids[name]!;
  });
