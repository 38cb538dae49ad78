import type { Rig } from '../rig/rig.ts';

/** What collects from AWS begins anew, some time later: each test has agents of its own alone, and no fault or failure before it. */
export async function forgetCollected(rig: Rig, seconds: number): Promise<void> {
  await rig.db.updateTable('agents').set({ status: 'deleted' }).execute();
  await rig.db.deleteFrom('marketCollections').execute();
  rig.controlPlane.ec2.faults.clear();
  rig.controlPlane.ec2.pageSize = 1000;
  rig.pass(seconds);
}
