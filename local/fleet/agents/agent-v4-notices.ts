import { endOf } from '../ec2/interruption.ts';
import type { Agent } from './agent.ts';
import { isoformatAware } from './python.ts';

/** On a rebalance recommendation, asks for a standby and reports the recommendation. Once per process. */
export async function watchForRebalance(agent: Agent): Promise<void> {
  const { interruption, image, ledger } = agent.context;
  if (!interruption?.rebalanceAt) return;
  await untilSeen(agent, interruption.rebalanceAt, image.environment.REBALANCE_CHECK_INTERVAL ?? 30);
  const instance_id = agent.instance.id;
  ledger.recommendations.set(instance_id, interruption.isFalseAlarm === true ? 'false alarm' : 'true');
  await agent.call('POST /api/agents/{agent_id}/create-emergency-replica', {
    body: { signal_type: 'rebalance-recommendation', instance_id },
  });
  agent.markBusy();
  agent.expectNews();
  await agent.call('POST /api/agents/{agent_id}/rebalance-recommendation', {
    body: { instance_id, detected_at: isoformatAware(agent.now) },
  });
}

/** On an interruption notice, asks for a standby, then for failover. Exits when another instance has taken over. */
export async function watchForTermination(agent: Agent): Promise<void> {
  const { interruption, image, ledger } = agent.context;
  if (!interruption?.noticeAt) return;
  await untilSeen(agent, interruption.noticeAt, image.environment.TERMINATION_CHECK_INTERVAL ?? 5);
  const instance_id = agent.instance.id;
  ledger.notices.add(instance_id);
  const termination_time = endOf(interruption)!.toISOString().replace('.000Z', 'Z');
  const standby = (await agent.call('POST /api/agents/{agent_id}/create-emergency-replica', {
    isOfNotice: true,
    body: { signal_type: 'termination-notice', instance_id, termination_time },
  })) as { success?: boolean; replica_id?: string } | undefined;
  if (standby) ledger.noticeReceived(instance_id, 'agent');
  agent.markBusy();
  agent.expectNews();
  const failover = (await agent.call('POST /api/agents/{agent_id}/termination-imminent', {
    isOfNotice: true,
    body: {
      instance_id,
      termination_time,
      detected_at: isoformatAware(agent.now),
      ...(standby?.success && { replica_id: standby.replica_id }),
    },
  })) as { success?: boolean } | undefined;
  if (failover) ledger.noticeReceived(instance_id, 'agent');
  agent.context.log(`notice: ${JSON.stringify({ standby, failover })}`);
  if (failover?.success) agent.stop();
}

/** Sleeps until the first poll of the instance metadata at or after `time`. */
async function untilSeen(agent: Agent, time: Date, pollSeconds: number): Promise<void> {
  const seconds = Math.max(0, time.getTime() - agent.now.getTime()) / 1000;
  await agent.process.sleep(Math.ceil(seconds / pollSeconds) * pollSeconds);
}
