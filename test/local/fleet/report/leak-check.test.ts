import { describe, expect, it } from 'vitest';
import { checkForLeaks } from '../../../../local/fleet/report/leak-check.ts';
import type { Fleet } from '../../../../local/fleet/run/fleet.ts';
import { FakeControlPlane } from '../../../support/fleet/fake-control-plane.ts';
import { simulatedFleet, t } from '../../../support/fleet/simulated-fleet.ts';

const api = FakeControlPlane.use();

const check = (fleet: Fleet, now: Date) =>
  checkForLeaks(fleet, { url: api.url, token: 'token-x', retentionSeconds: 300, now });
const primaryIs = (fleet: Fleet, index: number) =>
  api.answer('GET /api/agents/{agent_id}', () => ({ instance_id: fleet.ec2.instances[index]?.id }));

describe('the leak check', () => {
  it('tells a leaked instance from a new one, and from one that is not due for termination yet', async () => {
    api.queue({ priority: null });
    const { fleet, simulation, run } = simulatedFleet(api, { pollSeconds: 1800 });
    primaryIs(fleet, 0);
    await run(600);
    expect(await check(fleet, simulation.now)).toMatchObject({ primaries: 1, starting: 1, due: 0, leaked: [] });
    await run(3600);
    expect((await check(fleet, simulation.now)).leaked).toEqual([fleet.ec2.instances[1]]);

    primaryIs(fleet, 1);
    expect(await check(fleet, t('00:16:00'))).toMatchObject({ primaries: 1, due: 1, leaked: [] });
    expect((await check(fleet, t('00:30:00'))).leaked).toEqual([fleet.ec2.instances[0]]);
  });

  it('counts agents whose primary is not up', async () => {
    const { fleet, simulation, run } = simulatedFleet(api);
    primaryIs(fleet, 0);
    await run(60);
    fleet.ec2.terminate(fleet.ec2.instances[0]!.id, simulation.now);
    expect(await check(fleet, simulation.now)).toMatchObject({ primaries: 0, agentsWithoutPrimary: 1 });
  });
});
