import type { SQSBatchResponse } from 'aws-lambda';
import { afterAll, beforeAll } from 'vitest';
import { lambdas } from '../../functions/lambdas.ts';
import { detailTypes } from '../../functions/spot-events/ec2-events.ts';
import type { TestInstance } from '../support/agents/test-instance.ts';
import { type FaultAct, FaultRig, type FaultScene, type Said } from '../support/faults/fault-rig.ts';
import { sayingWhen } from '../support/faults/saying-when.ts';
import { describeFaults } from '../support/faults/survives.ts';
import { ec2Event } from '../support/scenes/ec2-event.ts';

// Acts of EC2 and the operator, under the same faults as those of agents. The crash matrix has jobs: there time passes.

const account = '210987654321';
let faults: FaultRig;
beforeAll(async () => {
  faults = await FaultRig.start({ aws_account_id: account });
});
afterAll(() => faults.stop());

const counted = async (act: () => Promise<Omit<Said, 'calls'>>): Promise<Said> => {
  const { dataApi } = faults.rig.controlPlane;
  const before = dataApi.calls;
  return { ...(await act()), calls: dataApi.calls - before };
};

// --- Events of EC2 -----------------------------------------------------------------------------------------------------

/** What EventBridge sends about an instance: the same event, each time that it is redelivered. */
function eventOf(instance: TestInstance, detailType: string, detail: object = {}) {
  const at = faults.rig.clock.now();
  const event = ec2Event({ account, type: detailType, detail: { 'instance-id': instance.id, ...detail }, at });
  const record = {
    messageId: event.id,
    body: JSON.stringify(event),
    attributes: { ApproximateFirstReceiveTimestamp: String(at.getTime()) },
  };
  // SQS redelivers a message if the function reports that it failed, or fails itself.
  return () =>
    counted(async () => {
      const timeoutMs = lambdas['spot-events'].timeoutSeconds * 1000;
      const answer = (await faults.invoke('spot-events', { Records: [record] }, { timeoutMs })) as SQSBatchResponse;
      return answer.batchItemFailures.length === 0 ? { status: 200 } : { status: 503, retryAfter: true };
    });
}

async function withStandby(): Promise<{ old: TestInstance; standby: TestInstance }> {
  const old = await faults.primary({ mode: 'spot' });
  await old.emergency('rebalance-recommendation');
  const [{ id, az }] = (await old.listReplicas('launching')).body.replicas;
  const standby = old.successor({ mode: 'spot', az });
  await old.putReplica(id, standby.id);
  await old.replicaStatus(id, 'ready');
  return { old, standby };
}

const warning = { 'instance-action': 'terminate' };

// --- The operator ------------------------------------------------------------------------------------------------------

const ofAdmin =
  (act: (clientId: string) => { method: string; path: string; body?: object }) => async (): Promise<FaultScene> => {
    const instance = await faults.rig.primary({ type: faults.newType() });
    const { id } = instance.tenant;
    const { method, path, body } = act(id);
    return {
      instances: [instance],
      call: sayingWhen(() => faults.rig.asAdmin(method, path, body)),
      more: {
        sql: `SELECT c.aws_account_id, c.aws_role_arn, t.name, t.scope, t.expires_at, t.revoked_at
          FROM clients AS c LEFT JOIN client_tokens AS t ON t.client_id = c.id WHERE c.id = ?`,
        values: [id],
      },
    };
  };

const acts: readonly (FaultAct & { readonly title: string })[] = [
  {
    title: 'an interruption warning',
    name: 'for a primary with a standby',
    prepare: async () => {
      const { old, standby } = await withStandby();
      return { instances: [old, standby], call: eventOf(old, detailTypes.interruption, warning) };
    },
  },
  {
    title: 'an interruption warning',
    name: 'for a primary that is alone',
    prepare: async () => {
      const old = await faults.primary({ mode: 'spot' });
      return { instances: [old], call: eventOf(old, detailTypes.interruption, warning) };
    },
  },
  {
    title: 'a rebalance recommendation',
    name: '',
    prepare: async () => {
      const old = await faults.primary({ mode: 'spot' });
      return { instances: [old], call: eventOf(old, detailTypes.rebalance) };
    },
  },
  {
    title: 'a state change',
    name: 'of a standby that ends',
    prepare: async () => {
      const { old, standby } = await withStandby();
      return { instances: [old, standby], call: eventOf(standby, detailTypes.stateChange, { state: 'terminated' }) };
    },
  },
  {
    title: 'D3 regenerate-token',
    name: '',
    prepare: ofAdmin((id) => ({ method: 'POST', path: `/api/admin/clients/${id}/regenerate-token` })),
    counts: true,
  },
  {
    title: 'D4 token',
    name: '',
    prepare: ofAdmin((id) => ({ method: 'GET', path: `/api/admin/clients/${id}/token` })),
  },
  {
    title: 'E2 aws-access',
    name: '',
    prepare: ofAdmin((id) => ({
      method: 'PUT',
      path: `/api/admin/clients/${id}/aws-access`,
      body: { aws_account_id: account, role_arn: `arn:aws:iam::${account}:role/SpotOptimizer` },
    })),
  },
];

describeFaults(
  acts.map((act) => ({ ...act, title: `${act.title} ${act.name}`.trim() })),
  () => faults,
  { classesInSoak: true },
);
