import { endOf } from '../ec2/ec2.ts';
import type { Agent } from './agent.ts';
import { isoformatAware } from './python.ts';

/** Asks for a standby when EC2 sees a risk, and reports the risk; once in the life of a process. */
export async function watchForRebalance(agent: Agent): Promise<void> {
  const { interruption, image } = agent.host;
  if (!interruption?.rebalanceAt) return;
  const { ledger } = agent.host;
  await untilSeen(agent, interruption.rebalanceAt, image.environment.REBALANCE_CHECK_INTERVAL ?? 30);
  const instance_id = agent.instance.id;
  ledger.warnings.set(instance_id, interruption.isFalseAlarm === true ? 'false alarm' : 'true');
  await agent.call('POST /api/agents/{agent_id}/create-emergency-replica', {
    body: { signal_type: 'rebalance-recommendation', instance_id },
  });
  agent.beBusy();
  await agent.call('POST /api/agents/{agent_id}/rebalance-recommendation', {
    body: { instance_id, detected_at: isoformatAware(agent.now) },
  });
}

/** Asks for a standby and for failover when EC2 gives notice, and exits when another machine has taken over. */
export async function watchForTermination(agent: Agent): Promise<void> {
  const { interruption, image } = agent.host;
  if (!interruption?.noticeAt) return;
  await untilSeen(agent, interruption.noticeAt, image.environment.TERMINATION_CHECK_INTERVAL ?? 5);
  const { ledger } = agent.host;
  const instance_id = agent.instance.id;
  ledger.notices.add(instance_id);
  const termination_time = endOf(interruption)!.toISOString().replace('.000Z', 'Z');
  const standby = (await agent.call('POST /api/agents/{agent_id}/create-emergency-replica', {
    isOfNotice: true,
    body: { signal_type: 'termination-notice', instance_id, termination_time },
  })) as { success?: boolean; replica_id?: string } | undefined;
  if (standby) ledger.announced(instance_id, 'agent');
  agent.beBusy();
  const failover = (await agent.call('POST /api/agents/{agent_id}/termination-imminent', {
    isOfNotice: true,
    body: {
      instance_id,
      termination_time,
      detected_at: isoformatAware(agent.now),
      ...(standby?.success && { replica_id: standby.replica_id }),
    },
  })) as { success?: boolean } | undefined;
  if (failover) ledger.announced(instance_id, 'agent');
  agent.host.log(`notice: ${JSON.stringify({ standby, failover })}`);
  if (failover?.success) agent.stop();
}

/** Sleeps until the poll of IMDS that first sees what is there from `time` on. */
async function untilSeen(agent: Agent, time: Date, pollSeconds: number): Promise<void> {
  const seconds = Math.max(0, time.getTime() - agent.now.getTime()) / 1000;
  await agent.process.sleep(Math.ceil(seconds / pollSeconds) * pollSeconds);
}
