import { describe, expect, it } from 'vitest';
import type { Interruption } from '../../../../local/fleet/ec2/interruption.ts';
import { FakeControlPlane, register } from '../../../support/fleet/fake-control-plane.ts';
import { simulatedFleet, t } from '../../../support/fleet/simulated-fleet.ts';

const api = FakeControlPlane.use();

describe('an interruption', () => {
  it('makes version 4 request a standby and a failover, and happens two minutes after the notice', async () => {
    const interruption: Interruption = { rebalanceAt: t('00:10:00'), noticeAt: t('00:20:00') };
    api.queue();
    const { run, fleet } = simulatedFleet(api, { interruptionOf: () => interruption });
    await run(1800);
    const spot = fleet.ec2.instances[1]!;
    const told = api.seen.filter(({ route }) => /emergency|rebalance|imminent/.test(route));
    expect(told.slice(0, 4).map(({ route }) => route.split('/').at(-1))).toEqual([
      'create-emergency-replica',
      'rebalance-recommendation',
      'create-emergency-replica',
      'termination-imminent',
    ]);
    expect(told[2]!.body).toEqual({
      signal_type: 'termination-notice',
      instance_id: spot.id,
      termination_time: '2024-01-01T00:22:00Z',
    });
    expect(told[3]!.at - 1200).toBeLessThanOrEqual(5);
    expect(spot).toMatchObject({ interrupted: true, stoppedAt: t('00:22:00') });
    // The failover succeeded: the process exits, and the service manager restarts it on the dying instance.
    const again = api.to(register).filter(({ body }) => body.instance_id === spot.id);
    expect(again.slice(1, 3).map(({ at }) => at - told[3]!.at)).toEqual([10, 20]);
  });
});
