import { sql } from 'kysely';
import type { Agent } from '../shared/schema.ts';
import { iso } from '../shared/time.ts';

/** How consoles list an agent (protocol C3). */

export const agentColumns = [
  'id',
  'status',
  'logicalAgentId',
  'instanceId',
  'instanceType',
  'region',
  'az',
  'currentMode',
  'agentVersion',
  'hostname',
  'enabled',
  'autoSwitchEnabled',
  'manualReplicaEnabled',
  'autoTerminateEnabled',
  'terminateWaitSeconds',
  'lastHeartbeatAt',
] as const satisfies readonly (keyof Agent)[];

export type ListedAgent = Pick<Agent, (typeof agentColumns)[number]>;

/** This many agents fit in one Data API response even if every text fills its column. */
export const safeAgents = 150;

/** How many instances run for agent `a`. Counted each time, because a stored counter would drift. */
export const instanceCount = sql<number>`(
  SELECT COUNT(*) FROM instances AS x WHERE x.agent_id = a.id
    AND x.instance_status IN ('running_primary', 'running_replica') AND x.is_active)`;

export const waitMinutes = (seconds: number) => Math.max(1, Math.round(seconds / 60));

export const agentItem = (agent: ListedAgent, instances: number) => ({
  id: agent.id,
  logicalAgentId: agent.logicalAgentId,
  status: agent.status,
  lastHeartbeat: iso(agent.lastHeartbeatAt),
  instanceCount: Number(instances),
  enabled: agent.enabled,
  autoSwitchEnabled: agent.autoSwitchEnabled,
  manualReplicaEnabled: agent.manualReplicaEnabled,
  autoTerminateEnabled: agent.autoTerminateEnabled,
  terminateWaitMinutes: waitMinutes(agent.terminateWaitSeconds),
  auto_switch_enabled: agent.autoSwitchEnabled,
  auto_terminate_enabled: agent.autoTerminateEnabled,
  instanceId: agent.instanceId,
  instanceType: agent.instanceType,
  region: agent.region,
  az: agent.az,
  currentMode: agent.currentMode,
  agentVersion: agent.agentVersion,
  hostname: agent.hostname,
});

const heard = ({ lastHeartbeatAt }: Pick<Agent, 'lastHeartbeatAt'>) => lastHeartbeatAt?.getTime() ?? 0;

/** Sorts agents by their last heartbeat, latest first. */
export const byHeartbeat = (a: Pick<Agent, 'lastHeartbeatAt'>, b: Pick<Agent, 'lastHeartbeatAt'>) =>
  heard(b) - heard(a);
