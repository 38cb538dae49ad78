import { describe, expect, it } from 'vitest';
import {
  cleanupReport,
  config,
  FakeControlPlane,
  heartbeat,
  instancesToTerminate,
  launchingReplicas,
  pendingCommands,
  pricingReport,
  register,
  terminatedReplicas,
} from '../../../support/fleet/fake-control-plane.ts';
import { simulatedFleet } from '../../../support/fleet/simulated-fleet.ts';

const api = FakeControlPlane.use();
const ofVersion = { '4.0.0': { v32Share: 0 }, '3.2.0': { v32Share: 1 } };

describe('agents', () => {
  it.each([
    ['4.0.0', 1.5],
    ['3.2.0', 3],
  ] as const)('of version %s send what the schemas require, for %s hours', async (version, hours) => {
    api.queue();
    const { run } = simulatedFleet(api, ofVersion[version]);
    await run(hours * 3600);
    expect(api.problems).toEqual([]);
    expect(api.seen.length).toBeGreaterThan(1000);
  });

  it('of version 4 send 733 requests in an hour', async () => {
    const { run } = simulatedFleet(api);
    await run(30 + 3600 - 1);
    const count = (route: string) => api.to(route).length;
    expect(count(pendingCommands)).toBe(240);
    expect(count(launchingReplicas)).toBe(120);
    expect(count(terminatedReplicas)).toBe(120);
    expect(count(heartbeat)).toBe(120);
    expect(count(config)).toBe(60);
    expect(count(instancesToTerminate)).toBe(59);
    expect(count(pricingReport)).toBe(12);
    expect(count(cleanupReport)).toBe(1);
    expect(api.seen).toHaveLength(733);
  });

  it('of version 3.2 send 432 requests in an hour', async () => {
    const { run } = simulatedFleet(api, ofVersion['3.2.0']);
    await run(30 + 3600 - 1);
    expect(api.seen).toHaveLength(432 + 1); // and register
  });

  it('send the fields of their version', async () => {
    await simulatedFleet(api).run(40);
    await simulatedFleet(api, ofVersion['3.2.0']).run(40);
    const [v4, v32] = api.to(register).map(({ body }) => Object.keys(body));
    expect(v4).toEqual(expect.arrayContaining(['mode', 'private_ip', 'public_ip', 'agent_version', 'client_token']));
    expect(v4!.filter((key) => !v32!.includes(key)).sort()).toEqual(['mode', 'private_ip', 'public_ip']);
    const [beat4, beat32] = api.to(heartbeat).map(({ body }) => Object.keys(body));
    expect(beat4).toEqual(['status', 'monitored_instances', 'instance_id', 'instance_type', 'mode', 'az']);
    expect(beat32).toEqual(['status', 'monitored_instances']);
    const [price4, price32] = api.to(pricingReport).map(({ body }) => body);
    expect(Object.keys(price4)).toEqual(['instance', 'pricing']);
    expect(price4.pricing).toMatchObject({ on_demand_price: 0.1, current_spot_price: null, cheapest_pool: null });
    expect(price4.pricing.collected_at).toMatch(/\+00:00$/);
    expect(Object.keys(price32)).toEqual(['instance', 'on_demand_price', 'spot_pools']);
    expect(price32.instance).toMatchObject({ current_mode: 'ondemand', current_pool_id: null });
    // us-east-1c has no price yet.
    expect(price32.spot_pools.map(({ pool_id }: { pool_id: string }) => pool_id)).toEqual([
      'm5.large.us-east-1a',
      'm5.large.us-east-1b',
    ]);
  });

  it('have a public address on some instances only', async () => {
    await simulatedFleet(api, { agents: 12 }).run(120);
    const addresses = api.to(register).map(({ body }) => body.public_ip);
    expect(addresses).toContain(null);
    expect(addresses.some((address) => typeof address === 'string')).toBe(true);
  });

  it('that cannot register report offline as agent None, exit, and are restarted after 10 s', async () => {
    api.answer(register, () => ({ status: 401 }));
    const { run, lines, fleet } = simulatedFleet(api);
    await run(55);
    expect(api.seen.map(({ route, agentId, at, body }) => [route, agentId, at, body.status])).toEqual(
      [30, 40, 50].flatMap((at) => [
        [register, undefined, at, undefined],
        [heartbeat, 'None', at, 'offline'],
      ]),
    );
    expect(lines[0]).toMatch(/POST \/api\/agents\/register: no answer \(401\)/);
    expect(fleet.ledger.failures.get('401 POST /api/agents/register')).toBe(3);
  });

  it('that are disabled say so in heartbeats, poll for no commands, and do everything else', async () => {
    api.answer(config, () => ({ enabled: false }));
    await simulatedFleet(api).run(30 + 600);
    expect(api.to(pendingCommands)).toHaveLength(1); // before the first config was read
    expect(api.to(heartbeat).at(-1)!.body.status).toBe('disabled');
    expect(api.to(pricingReport)).toHaveLength(3);
  });

  it('keep their state when the config cannot be read', async () => {
    api.answer(config, () => ({ status: 404 }));
    await simulatedFleet(api).run(30 + 300);
    expect(api.to(heartbeat).at(-1)!.body.status).toBe('online');
  });
});
