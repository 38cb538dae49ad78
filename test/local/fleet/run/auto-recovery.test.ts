import { expect, it } from 'vitest';
import { recordedInterruptions } from '../../../../local/fleet/ec2/recorded-interruptions.ts';
import { AutoRecovery } from '../../../../local/fleet/run/auto-recovery.ts';
import type { Fleet } from '../../../../local/fleet/run/fleet.ts';
import { FakeControlPlane } from '../../../support/fleet/fake-control-plane.ts';
import { noRecommendations, simulatedFleet, t, traceMarket } from '../../../support/fleet/simulated-fleet.ts';

const api = FakeControlPlane.use();

it('launches one on-demand instance ten minutes after an agent goes silent, only if it has no primary', async () => {
  const market = traceMarket([[1, 12], [0, 12]]); // biome-ignore format: an hour, then none
  api.haveNoStandby();
  api.queue({ target_pool_id: 'm5.large.us-west-2b' });
  const { fleet, runUntil, simulation } = simulatedFleet(api, {
    market,
    pollSeconds: 3600,
    ...recordedInterruptions(market, noRecommendations),
    onSilence: (agent) => recovery.agentWentSilent(fleet, agent),
  });
  let primary = ({ ec2 }: Fleet) => ec2.instances.at(-1)?.id;
  const observer = { primaryOf: () => primary(fleet) };
  const recovery = new AutoRecovery({ simulation, observer, afterSeconds: 600 });
  await runUntil('00:30:00');
  fleet.ec2.terminate(fleet.ec2.instances[0]!.id, simulation.now); // replaced, and no longer the primary
  await runUntil('00:50:00');
  expect(recovery.launched).toEqual([]);
  // EC2 interrupts the primary at 01:00:00. The recovered instance takes a while to become the primary.
  primary = ({ ec2 }) => ec2.instances[simulation.now < t('01:15:00') ? 1 : 2]!.id;
  await runUntil('01:09:59');
  expect(recovery.launched).toEqual([]);
  await runUntil('01:40:00');
  expect(recovery.launched).toEqual([fleet.ec2.instances[2]!.id]);
  expect(fleet.ec2.instances[2]).toMatchObject({ mode: 'ondemand', launchedAt: t('01:10:00'), agent: 'demo-1' });
});
