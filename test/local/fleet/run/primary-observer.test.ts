import { expect, it } from 'vitest';
import { PrimaryObserver } from '../../../../local/fleet/run/primary-observer.ts';
import { config, FakeControlPlane } from '../../../support/fleet/fake-control-plane.ts';
import { market, simulatedFleet } from '../../../support/fleet/simulated-fleet.ts';

const api = FakeControlPlane.use();

it('reports two primaries in the database, and two instances that are both enabled', async () => {
  api.queue();
  const { fleet, simulation, runUntil } = simulatedFleet(api, { market });
  const query = async () => [{ agent: 'demo-1', instance_id: fleet.ec2.instances.at(-1)!.id, primaries }];
  const observer = new PrimaryObserver({
    simulation,
    query,
    clientId: 'c',
    url: api.url,
    token: 'token-x',
    log: () => {},
  });
  observer.attach(fleet);
  let primaries = 1;
  await runUntil('00:00:20');
  api.answer(config, () => ({ enabled: true }));
  await observer.observe();
  expect(observer.doublePrimaries).toEqual([]);
  await runUntil('00:03:00'); // the successor has registered, and nothing has disabled its predecessor
  await observer.observe();
  expect(observer.doublePrimaries.join()).toMatch(/demo-1: i-\w+ and i-\w+ are both enabled/);
  primaries = 2;
  await observer.observe();
  expect(observer.doublePrimaries.at(-1)).toMatch(/demo-1: 2 primaries in the database/);
  expect(observer.primaryChanges.get('demo-1')?.map(({ instanceId }) => instanceId)).toEqual(
    fleet.ec2.instances.map(({ id }) => id),
  );
});
