import { describe, expect, it } from 'vitest';
import {
  executed,
  FakeControlPlane,
  heartbeat,
  instancesToTerminate,
  pendingCommands,
  switchReport,
  terminationReport,
} from '../../../support/fleet/fake-control-plane.ts';
import { later, market, simulatedFleet } from '../../../support/fleet/simulated-fleet.ts';

const api = FakeControlPlane.use();

describe('a switch by version 4', () => {
  it('without a wait is reported, and the old instance runs until it is told to terminate itself', async () => {
    api.queue();
    const { run, fleet } = simulatedFleet(api);
    await run(300);
    const [old, successor] = fleet.ec2.instances;
    expect(fleet.ec2.instances).toHaveLength(2);
    expect(successor).toMatchObject({ mode: 'spot', az: 'us-east-1b', cause: { kind: 'command', id: 'cmd-1' } });
    const [report] = api.to(switchReport);
    expect(report).toMatchObject({
      agentId: `agent~${old!.id}`,
      at: 30 + 30 + 2,
      body: {
        old_instance: { instance_id: old!.id, mode: 'ondemand', pool_id: null, region: 'us-east-1', az: 'us-east-1a' },
        new_instance: { instance_id: successor!.id, mode: 'spot', pool_id: 'm5.large.us-east-1b' },
        snapshot: { used: false },
        prices: { on_demand: 0.1, new_spot: 0.03 },
        timing: {
          switch_initiated_at: '2024-01-01T00:00:30+00:00',
          new_instance_launched_at: '2024-01-01T00:00:30+00:00',
          new_instance_ready_at: '2024-01-01T00:01:00+00:00',
          traffic_switched_at: '2024-01-01T00:01:02+00:00',
        },
        trigger: 'model',
      },
    });
    expect(report!.body.timing).not.toHaveProperty('old_instance_terminated_at');
    expect(report!.body).not.toHaveProperty('command_id');
    expect(report!.body.prices).not.toHaveProperty('old_spot');
    expect(api.to(executed)[0]).toMatchObject({ at: 62, body: { success: true, message: 'Switch completed' } });
    // Both instances run an agent now.
    expect(
      new Set(
        api
          .to(heartbeat)
          .filter(({ at }) => at > 200)
          .map(({ agentId }) => agentId),
      ).size,
    ).toBe(2);

    api.answer(instancesToTerminate, ({ agentId }) => ({
      instances: agentId === `agent~${old!.id}` && !old!.stoppedAt ? [{ instance_id: old!.id }] : [],
      auto_terminate_enabled: true,
    }));
    await run(600);
    const [reported] = api.to(terminationReport);
    expect(reported!.body).toMatchObject({ instance_id: old!.id, success: true, error: null });
    const stopped = fleet.ec2.describe(old!.id, later(market.start, 600)).instance.stoppedAt!;
    const offline = api.to(heartbeat).filter(({ body }) => body.status === 'offline');
    expect(offline.map(({ at, body }) => [at, body])).toEqual([
      [(stopped.getTime() - market.start.getTime()) / 1000 + 2, { status: 'offline', monitored_instances: [] }],
    ]);
    expect(fleet.ledger.switches).toMatchObject([{ outcome: 'completed', trigger: 'model', mode: 'spot' }]);
  });

  it('with a wait terminates the old instance before its agent can report', async () => {
    api.queue({ terminate_wait_seconds: 120, priority: 75 });
    const { run, fleet } = simulatedFleet(api);
    await run(900);
    const [old, successor] = fleet.ec2.instances;
    expect(fleet.ec2.instances).toHaveLength(2);
    expect(old!.stoppedAt).toEqual(later(market.start, 30 + 30 + 2 + 120));
    expect(api.to(switchReport)).toEqual([]);
    expect(api.to(executed)).toEqual([]);
    const last = api.seen.filter(({ agentId }) => agentId === `agent~${old!.id}`).at(-1);
    expect(last).toMatchObject({ route: heartbeat, at: 184, body: { status: 'offline', monitored_instances: [] } });
    expect(successor!.stoppedAt).toBeUndefined();
    expect(fleet.ledger.switches).toMatchObject([{ outcome: 'completed', trigger: 'manual' }]);
  });

  it('to on-demand stays in its zone', async () => {
    api.queue({ target_mode: 'ondemand', target_pool_id: null });
    const { run, fleet } = simulatedFleet(api);
    await run(200);
    expect(fleet.ec2.instances[1]).toMatchObject({ mode: 'ondemand', az: 'us-east-1a' });
    expect(api.to(switchReport)[0]!.body.new_instance).toMatchObject({ mode: 'ondemand', pool_id: null });
  });

  it('to Spot without a pool launches on-demand and reports Spot', async () => {
    api.queue({ target_pool_id: null });
    const { run, fleet } = simulatedFleet(api);
    await run(200);
    expect(fleet.ec2.instances[1]!.mode).toBe('ondemand');
    expect(api.to(switchReport)[0]!.body.new_instance).toMatchObject({ mode: 'spot', pool_id: null });
  });

  it('that cannot launch is marked executed without success, and not reported', async () => {
    api.queue({ target_pool_id: 'm5.large.us-east-1c' }); // without a price before ten o'clock
    const { run, fleet } = simulatedFleet(api);
    await run(200);
    expect(fleet.ec2.instances).toHaveLength(1);
    expect(api.to(switchReport)).toEqual([]);
    expect(api.to(executed)[0]!.body).toEqual({ success: false, message: 'Switch failed' });
    expect(fleet.ledger.switches).toMatchObject([{ outcome: 'failed' }]);
  });

  it('with a null wait does nothing and polls again; with a null priority leaks its instance', async () => {
    const command = { id: 'c', target_mode: 'spot', target_pool_id: 'm5.large.us-east-1b', priority: 1 };
    api.answer(pendingCommands, () => [{ ...command, terminate_wait_seconds: null }]);
    const first = simulatedFleet(api);
    await first.run(100);
    expect(first.fleet.ec2.instances).toHaveLength(1);
    expect(first.lines.length).toBeGreaterThan(3);

    api.queue({ priority: null });
    const second = simulatedFleet(api);
    await second.run(200);
    expect(second.fleet.ec2.instances).toHaveLength(2);
    expect(api.to(executed)[0]!.body.success).toBe(false);
    expect(api.to(switchReport)).toEqual([]);
  });

  it('does not start without a target mode', async () => {
    api.queue({ target_mode: null });
    const { run, fleet } = simulatedFleet(api);
    await run(100);
    expect(fleet.ec2.instances).toHaveLength(1);
    expect(api.to(executed)).toEqual([]);
  });
});
