import { describe, expect, it } from 'vitest';
import {
  config,
  executed,
  FakeControlPlane,
  heartbeat,
  instancesToTerminate,
  launchingReplicas,
  pendingCommands,
  pricingReport,
  replicaStatus,
  terminatedReplicas,
  terminationReport,
  updateReplica,
} from '../../../support/fleet/fake-control-plane.ts';
import { simulatedFleet } from '../../../support/fleet/simulated-fleet.ts';

const api = FakeControlPlane.use();
const merged = { mergedShare: 1 };
const polls = [config, pendingCommands, launchingReplicas, terminatedReplicas, instancesToTerminate];
const quiet = {
  commands: [] as object[],
  replicas: [] as object[],
  instances: [] as object[],
  config_version: 1,
  report_prices: false,
  next_seconds: 150,
};

/** Answers the nth heartbeat, counted from 0, with what is given for it, and others with nothing to do. */
function answerBeats(special: Readonly<Record<number, Partial<typeof quiet> & { config?: object }>> = {}) {
  let beats = 0;
  api.answer(heartbeat, () => ({ success: true, merged: { ...quiet, ...special[beats++] } }));
}

describe('an agent of the merged kind', () => {
  it('polls nothing once a heartbeat is answered, and sends the next one when it is told to', async () => {
    answerBeats({ 1: { next_seconds: 15 } });
    await simulatedFleet(api, merged).run(30 + 3600 - 1);
    for (const route of polls) expect(api.to(route).length, route).toBeLessThanOrEqual(1); // before the first response
    const at = api.to(heartbeat).map((seen) => seen.at);
    const between = at.slice(1).map((time, i) => time - at[i]!);
    expect(between.slice(0, 4)).toEqual([150, 15, 150, 150]);
    expect(api.to(heartbeat)[0]!.body).toMatchObject({ status: 'online', accepts: ['merged'] });
    expect(api.to(pricingReport)).toHaveLength(1);
  });

  it('reports the EC2 error of a switch that failed', async () => {
    const command = {
      id: 'c-1',
      command_type: 'switch',
      target_mode: 'spot',
      target_pool_id: 'm5.large.us-east-1c', // without a price before ten o'clock
      priority: 25,
      terminate_wait_seconds: 0,
    };
    answerBeats({ 0: { commands: [command] } });
    await simulatedFleet(api, merged).run(200);
    expect(api.to(executed).map(({ body }) => body)).toEqual([
      { success: false, message: expect.stringMatching(/^Switch failed: InsufficientInstanceCapacity: /) },
    ]);
  });

  it('reports prices as version 4 does while the control plane asks for them', async () => {
    api.answer(heartbeat, () => ({ success: true, merged: { ...quiet, report_prices: true } }));
    await simulatedFleet(api, merged).run(30 + 3600 - 1);
    expect(api.to(pricingReport)).toHaveLength(12);
  });

  it.each([
    ['a server that knows nothing of it', { success: true }],
    ['a refusal', { status: 404, error: 'Agent not found' }],
    ['no answer', { status: 503, error: 'unavailable' }],
  ])('behaves like version 4 with %s', async (_, answer) => {
    api.answer(heartbeat, () => answer);
    await simulatedFleet(api, merged).run(30 + 3600 - 1);
    expect(api.to(heartbeat)).toHaveLength(120);
    expect([config, pendingCommands, launchingReplicas].map((route) => api.to(route).length)).toEqual([60, 240, 120]);
  });

  it('reports which settings it has received, and follows them', async () => {
    answerBeats({ 0: { config_version: 3, config: { enabled: false, config_version: 3 }, next_seconds: 15 } });
    await simulatedFleet(api, merged).run(60);
    expect(api.to(heartbeat).map(({ body }) => [body.status, body.config_version])).toEqual([
      ['online', undefined],
      ['disabled', 3],
    ]);
  });

  it('executes a command while its heartbeats continue, and sends one at once when it is done', async () => {
    const command = {
      id: 'cmd-1',
      command_type: 'switch',
      target_mode: 'spot',
      target_pool_id: 'm5.large.us-east-1b',
      terminate_wait_seconds: 0,
      priority: 25,
    };
    answerBeats({ 0: { commands: [command], next_seconds: 15 }, 1: { next_seconds: 15 }, 2: { next_seconds: 15 } });
    const { fleet, run } = simulatedFleet(api, merged);
    await run(300);
    expect(fleet.ledger.switches).toMatchObject([{ commandId: 'cmd-1', outcome: 'completed' }]);
    const done = api.to(executed)[0]!.at;
    const beats = api.to(heartbeat).map(({ at }) => at);
    expect(beats.filter((at) => at > 30 && at < done).length).toBeGreaterThan(1);
    expect(beats).toContain(done + 1);
  });

  it('launches a standby that it is given, and terminates the instances that it is told to', async () => {
    const pool = { id: 'm5.large.us-east-1b', az: 'us-east-1b' };
    const { fleet, run } = simulatedFleet(api, merged);
    answerBeats({ 0: { replicas: [{ id: 'r-1', instance_id: null, pool }], next_seconds: 15 } });
    await run(300);
    const standby = fleet.ec2.instances[1]!;
    expect(standby).toMatchObject({ az: 'us-east-1b', cause: { kind: 'replica', id: 'r-1' } });
    expect(api.to(updateReplica)).toMatchObject([{ body: { instance_id: standby.id } }]);
    expect(api.to(replicaStatus)).toMatchObject([{ body: { status: 'ready' } }]);
    answerBeats({ 0: { instances: [{ instance_id: standby.id }] } });
    await run(600);
    expect(api.to(terminationReport)).toMatchObject([{ body: { instance_id: standby.id, success: true } }]);
  });
});
