import type { Rig } from '../rig/rig.ts';

/** Resets the collection from AWS and lets time pass: each test has only its own agents, and no earlier fault. */
export async function forgetCollected(rig: Rig, seconds: number): Promise<void> {
  await rig.db.updateTable('agents').set({ status: 'deleted' }).execute();
  await rig.db.deleteFrom('marketCollections').execute();
  rig.controlPlane.ec2.faults.clear();
  rig.controlPlane.ec2.pageSize = 1000;
  rig.pass(seconds);
}
