import { setTimeout as sleep } from 'node:timers/promises';
import { detailTypes } from '../functions/spot-events/ec2-events.ts';
import type { Api } from './api.ts';
import { account, region } from './emulator.ts';
import type { DeployedStack } from './stack.ts';

/** An agent whose tenant has its instances in the account that the events come from. */
export interface Cast {
  readonly token: string;
  readonly agentId: string;
  readonly instanceId: string;
}

const instanceId = 'i-0123456789abcdef0';

/** Creates a tenant; its agent registers, sends a heartbeat and polls. A call without a token must get 401. */
export async function firstAgent(api: Api, adminToken: string): Promise<Cast> {
  const { client } = await api.expect('POST', '/api/admin/clients/create', adminToken, {
    name: 'Acme',
    aws_account_id: account,
  });
  const instance = { instance_id: instanceId, instance_type: 'm5.large', region, az: `${region}a`, mode: 'spot' };
  const registered = await api.expect('POST', '/api/agents/register', client.token, {
    ...instance,
    logical_agent_id: 'web-1',
  });
  const handle = registered.agent_id as string;
  await api.expect('POST', `/api/agents/${handle}/heartbeat`, client.token, { ...instance, status: 'online' });
  await api.expect('GET', `/api/agents/${handle}/pending-commands`, client.token);
  const refused = await api.call('GET', `/api/agents/${handle}/config`, undefined);
  if (refused.status !== 401)
    throw new Error(`a stranger was answered ${refused.status}: ${JSON.stringify(refused.body)}`);
  return { token: client.token, agentId: handle.split('~')[0]!, instanceId };
}

/**
 * EC2 takes the instance: its event passes through the bus, its rule, the queue and the function.
 * @returns seconds from the event until the API showed it
 */
export async function notice(stack: DeployedStack, api: Api, { token, agentId, instanceId }: Cast): Promise<number> {
  const sent = performance.now();
  await stack.putEvent(detailTypes.interruption, { 'instance-id': instanceId, 'instance-action': 'terminate' });
  await until(`the notice of ${instanceId} is recorded`, 60, async () => {
    const answer = await api.expect('GET', `/api/agents/${agentId}/emergency-status`, token);
    return answer.last_emergency_event !== null;
  });
  return (performance.now() - sent) / 1000;
}

/** Waits until jobs have run on schedule. @returns the jobs that ran, each with its status */
export async function schedules(api: Api, adminToken: string): Promise<string> {
  let told = '';
  await until('jobs that run each minute have run', 150, async () => {
    const { jobs } = await api.expect('GET', '/api/admin/jobs', adminToken);
    const ran = (jobs as { job: string; status: string }[]).filter(({ status }) => status !== 'never run');
    told = ran.map(({ job, status }) => `${job} ${status}`).join(', ');
    return ran.filter(({ status }) => status === 'succeeded').length >= 3;
  });
  return told;
}

async function until(what: string, seconds: number, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(500);
  }
}
