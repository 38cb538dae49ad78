import { randomUUID } from 'node:crypto';
import type { Connection } from 'mariadb';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { detailTypes } from '../../../functions/spot-events/ec2-events.ts';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { connectToRig } from '../../support/database/beside.ts';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';
import { ec2Event } from '../../support/scenes/ec2-event.ts';

// Another transaction locks an agent: that of a slow call, or of a killed function, which lasts three minutes.

const account = '123456789012';
let rig: Rig;
let tenant: Tenant;
let holder: Connection;

beforeAll(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  rig = await Rig.start();
  tenant = await rig.tenant({ aws_account_id: account });
  holder = await connectToRig();
});
afterAll(async () => {
  await holder.end();
  await rig.stop();
  vi.restoreAllMocks();
});

let types = 0;
async function withStandby() {
  const primary = await rig.primary({ type: `h${++types}.large`, mode: 'spot' }, tenant);
  await primary.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04 });
  await primary.emergency('rebalance-recommendation');
  const [wanted] = (await primary.listReplicas('launching')).body.replicas;
  const standby = primary.successor({ az: wanted.az });
  await primary.putReplica(wanted.id, standby.id);
  await standby.register();
  await primary.replicaStatus(wanted.id, 'ready');
  return { primary, standby };
}

const message = (instance: TestInstance) => ({
  messageId: instance.id,
  body: JSON.stringify(
    ec2Event({
      account,
      type: detailTypes.interruption,
      detail: { 'instance-id': instance.id, 'instance-action': 'terminate' },
      at: rig.clock.now(),
    }),
  ),

  attributes: { ApproximateFirstReceiveTimestamp: String(rig.clock.now().getTime()) },
});

async function whileHeld<T>(instances: readonly TestInstance[], act: () => Promise<T>): Promise<T> {
  const ids = instances.map(({ agentId }) => agentId);
  await holder.query('BEGIN');
  await holder.query(`SELECT id FROM agents WHERE id IN (${ids.map(() => '?').join()}) FOR UPDATE`, ids);
  try {
    return await act();
  } finally {
    await holder.query('ROLLBACK');
  }
}

const deliver = (...instances: TestInstance[]) =>
  rig.controlPlane.invoke('spot-events', { Records: instances.map(message) }) as Promise<{
    batchItemFailures: { itemIdentifier: string }[];
  }>;

it('the message of a locked agent is handed back, and the others of its batch fail over meanwhile', async () => {
  const scenes: Awaited<ReturnType<typeof withStandby>>[] = [];
  for (let i = 0; i < 10; i += 1) scenes.push(await withStandby());
  const [held, ...free] = scenes;
  const { batchItemFailures } = await whileHeld([held!.primary], async () => {
    const answer = await deliver(...scenes.map(({ primary }) => primary));
    for (const { primary, standby } of free)
      expect(await primary.agentRow()).toMatchObject({
        instanceId: standby.id,
        lastInterruptionSignal: 'termination-notice',
      });
    return answer;
  });
  expect(batchItemFailures).toEqual([{ itemIdentifier: held!.primary.id }]);
  expect(await deliver(held!.primary)).toEqual({ batchItemFailures: [] });
  expect((await held!.primary.agentRow()).instanceId).toBe(held!.standby.id);
});

it('a statement stops waiting for a lock before its caller gives up', async () => {
  const { primary } = await withStandby();
  const answer = await whileHeld([primary], () => primary.replicaStatus(randomUUID(), 'ready'));
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(5);
  // It left nothing behind that would still lock the agent.
  expect((await primary.replicaStatus(randomUUID(), 'ready')).status).toBe(404);
});
