import { describe, expect, it } from 'vitest';
import { FakeControlPlane, markExecuted, switchReport } from '../../../support/fleet/fake-control-plane.ts';
import { later, market, simulatedFleet } from '../../../support/fleet/simulated-fleet.ts';

const api = FakeControlPlane.use();
const v32 = { v32Share: 1 };

describe('a switch by version 3.2', () => {
  it('ignores the wait of the command, and terminates the old instance before its agent can report', async () => {
    api.queue({ terminate_wait_seconds: 0 });
    const { run, fleet } = simulatedFleet(api, v32);
    await run(900);
    const [old] = fleet.ec2.instances;
    // First poll, snapshot, boot, and five minutes.
    expect(old!.stoppedAt).toEqual(later(market.start, 30 + 60 + 30 + 300));
    expect(api.to(switchReport)).toEqual([]);
    expect(api.to(markExecuted)).toEqual([]);
    expect(fleet.ledger.switches).toMatchObject([{ outcome: 'completed' }]);
  });

  it('is reported if auto-terminate is off', async () => {
    api.queue();
    const { run, fleet } = simulatedFleet(api, { ...v32, environment: { AUTO_TERMINATE_OLD_INSTANCE: false } });
    await run(400);
    const [report] = api.to(switchReport);
    expect(report!.at).toBe(30 + 60 + 30);
    expect(report!.body.snapshot).toMatchObject({ used: true });
    expect(report!.body.timing).toEqual({
      switch_initiated_at: '2024-01-01T00:00:30Z',
      new_instance_ready_at: '2024-01-01T00:02:00Z',
      traffic_switched_at: '2024-01-01T00:02:00Z',
      old_instance_terminated_at: null,
    });
    expect(api.to(markExecuted)[0]!.body).toEqual({ command_id: 'cmd-1' });
    expect(fleet.ec2.instances.every(({ stoppedAt }) => stoppedAt === undefined)).toBe(true);
    expect(api.problems).toEqual([]);
  });

  it.each([
    ['cannot launch', { target_pool_id: 'm5.large.us-east-1c' }],
    ['is not told where to', { target_mode: null }],
  ])('is marked executed although it %s', async (_, command) => {
    api.queue(command);
    const { run, fleet } = simulatedFleet(api, v32);
    await run(400);
    expect(fleet.ec2.instances).toHaveLength(1);
    expect(api.to(markExecuted)).toHaveLength(1);
  });
});
