import { expireAgents } from '../core/agent/expire-agents.ts';
import { closeDueCommands } from '../core/command/sweep.ts';
import { decideDueAgents } from '../core/decision/decide-agents.ts';
import { coordinateReplicas } from '../core/failover/coordinate.ts';
import { jobHandler } from '../shared/job.ts';

export const handler = jobHandler<'jobs'>({
  decide: decideDueAgents,
  'sweep-commands': closeDueCommands,
  'expire-agents': expireAgents,
  'coordinate-replicas': coordinateReplicas,
});
