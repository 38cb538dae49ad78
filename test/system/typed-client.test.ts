import createClient from 'openapi-fetch';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { paths } from '../../docs/openapi.d.ts';
import { Rig } from '../support/rig/rig.ts';

// A tenant's day with a client that is generated from the OpenAPI document and knows nothing else. What the document
// lacks does not compile here; what it states wrongly fails.

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const clientOf = (token: string) =>
  createClient<paths>({ baseUrl: rig.controlPlane.url, headers: { authorization: `Bearer ${token}` } });

const zone = { region: 'us-east-1', az: 'us-east-1a' } as const;

/** Creates a tenant with an agent, using only the client. */
async function tenantWithAgent(name: string) {
  const admin = clientOf(rig.controlPlane.adminToken);
  const made = await admin.POST('/api/admin/clients/create', { body: { name } });
  const { id, token } = made.data!.client;
  const tenant = clientOf(token);
  const instance = { instance_id: `i-${id.slice(0, 8)}`, instance_type: 'm5.large', ...zone };
  const registered = await tenant.POST('/api/agents/register', {
    body: { ...instance, logical_agent_id: 'web', agent_version: '4.0.0', mode: 'spot' },
  });
  return { admin, tenant, id, instance, agent: { agent_id: registered.data!.agent_id } };
}

it('creates a tenant, registers an agent, and changes its settings', async () => {
  const { tenant, id, agent } = await tenantWithAgent('Typed');
  const changed = await tenant.POST('/api/client/agents/{agent_id}/config', {
    params: { path: agent },
    body: {
      availability_target: 99.95,
      disruption_windows: {
        time_zone: 'Europe/Berlin',
        windows: [{ days: ['sat', 'sun'], from: '01:00', to: '05:00' }],
      },
      max_switches_per_week: 3,
    },
  });
  expect(changed.data).toEqual({ success: true, auto_switch_enabled: true, manual_replica_enabled: false });

  const config = await tenant.GET('/api/agents/{agent_id}/config', { params: { path: agent } });
  expect(config.data!.max_switches_per_week).toBe(3);
  const listed = await tenant.GET('/api/client/{client_id}/agents', { params: { path: { client_id: id } } });
  expect(listed.data!.map((one) => one.logicalAgentId)).toEqual(['web']);
});

it('reports prices, and reads the prices and the savings', async () => {
  const { tenant, id, instance, agent } = await tenantWithAgent('Prices');
  const reported = await tenant.POST('/api/agents/{agent_id}/pricing-report', {
    params: { path: agent },
    body: {
      instance: { ...instance, mode: 'spot' },
      pricing: {
        on_demand_price: 0.096,
        spot_pools: ['us-east-1a', 'us-east-1b'].map((az, i) => ({
          pool_id: `m5.large.${az}`,
          az,
          price: 0.03 + i / 100,
        })),
      },
    },
  });
  expect(reported.data).toEqual({ success: true });

  const { instance_id } = instance;
  const pricing = await tenant.GET('/api/client/instances/{instance_id}/pricing', {
    params: { path: { instance_id } },
  });
  expect(pricing.data!.onDemand.price).toBe(0.096);
  expect(pricing.data!.pools.map(({ price }) => price)).toEqual([0.03, 0.04]);

  const client = { client_id: id };
  const savings = await tenant.GET('/api/client/{client_id}/savings', {
    params: { path: client, query: { range: 'monthly' } },
  });
  expect(savings.data).toEqual([]);
  const explained = await tenant.GET('/api/client/{client_id}/savings/explain', { params: { path: client } });
  expect(explained.data!.rules.length).toBeGreaterThan(0);
});

it('forces a switch, receives its command, and pages through notifications', async () => {
  const { tenant, instance, agent } = await tenantWithAgent('Told');
  for (const enabled of [false, true, false, true])
    await tenant.POST('/api/client/agents/{agent_id}/toggle-enabled', { params: { path: agent }, body: { enabled } });
  const forced = await tenant.POST('/api/client/instances/{instance_id}/force-switch', {
    params: { path: { instance_id: instance.instance_id } },
    body: { target: 'ondemand' },
  });
  expect(forced.data!.success).toBe(true);
  const commands = await tenant.GET('/api/agents/{agent_id}/pending-commands', { params: { path: agent } });
  expect(commands.data!.map(({ id }) => id)).toEqual([forced.data!.command_id]);

  const seen: string[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const page = await tenant.GET('/api/notifications', { params: { query: { limit: 2, ...(cursor && { cursor }) } } });
    seen.push(...page.data!.map(({ id }) => id));
    cursor = page.response.headers.get('x-next-cursor') ?? undefined;
    pages += 1;
  } while (cursor !== undefined);
  const whole = await tenant.GET('/api/notifications', { params: { query: { limit: 200 } } });
  expect(seen).toEqual(whole.data!.map(({ id }) => id));
  expect(pages).toBeGreaterThan(1);

  const [notif_id] = seen as [string];
  await tenant.POST('/api/notifications/{notif_id}/mark-read', { params: { path: { notif_id } } });
  const after = await tenant.GET('/api/notifications', {});
  expect(after.data!.find(({ id }) => id === notif_id)!.isRead).toBe(true);
});

it('is refused with the error codes that the document lists for the route', async () => {
  const { tenant, admin, id, agent } = await tenantWithAgent('Refused');
  const { error } = await tenant.POST('/api/agents/{agent_id}/issue-switch-command', {
    params: { path: agent },
    body: { target_mode: 'spot', target_pool_id: 'c9.huge.us-east-1a' },
  });
  expect(error && 'code' in error ? error.code : undefined).toBe('pool_mismatch');

  const body = { name: 'late', scope: 'read', expires_at: '2020-01-01T00:00:00Z' } as const;
  const late = await admin.POST('/api/client/{client_id}/tokens', { params: { path: { client_id: id } }, body });
  expect(late.response.status).toBe(409);
  expect(late.error && 'code' in late.error ? late.error.code : undefined).toBe('already_expired');
});

it('does not compile with what the document lacks', async () => {
  const tenant = clientOf('none');
  // @ts-expect-error there is no such path
  await tenant.GET('/api/agents/register');
  // @ts-expect-error `name` is required
  await tenant.POST('/api/admin/clients/create', { body: {} });
  const params = { path: { agent_id: 'a' } };
  // @ts-expect-error a switch is on or off
  await tenant.POST('/api/client/agents/{agent_id}/config', { params, body: { autoSwitchEnabled: 'yes' } });
  const { data } = await tenant.GET('/api/client/{client_id}', { params: { path: { client_id: 'a' } } });
  // @ts-expect-error an answer has no such field
  expect(data?.nothing).toBeUndefined();
});
