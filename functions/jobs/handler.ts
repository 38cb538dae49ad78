import { closeDueCommands } from '../agent/command-sweep.ts';
import { expireAgents } from '../agent/health.ts';
import { decideDueAgents } from '../decision/loop.ts';
import { coordinateReplicas } from '../replica/coordinator.ts';
import { jobHandler } from '../shared/job.ts';

export const handler = jobHandler<'jobs'>({
  decide: decideDueAgents,
  'sweep-commands': closeDueCommands,
  'expire-agents': expireAgents,
  'coordinate-replicas': coordinateReplicas,
});
