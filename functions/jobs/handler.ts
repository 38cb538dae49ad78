import { expireAgents } from '../core/agent/expire-agents.ts';
import { playWhatIfs } from '../core/backtest/play-runs.ts';
import { closeDueCommands } from '../core/command/sweep.ts';
import { capLaunches } from '../core/command/tenant-launch-cap.ts';
import { decideDueAgents } from '../core/decision/decide-agents.ts';
import { coordinateReplicas } from '../core/failover/coordinate.ts';
import { checkPricingAlerts } from '../core/pool/check-alerts.ts';
import { fillPriceGaps } from '../core/pool/fill-gaps.ts';
import { accrueAgain, accrueSavings } from '../core/savings/accrue.ts';
import { deleteClients } from '../core/tenant/delete-client.ts';
import { snapshotClients } from '../core/tenant/snapshot.ts';
import { jobHandler } from '../shared/job.ts';
import { deleteOldRows } from './delete-old-rows.ts';
import { measureFleet } from './measure-fleet.ts';
import { observePoolsAndFollow } from './observe-pools.ts';

export const handler = jobHandler<'jobs'>({
  decide: decideDueAgents,
  'sweep-commands': closeDueCommands,
  'expire-agents': expireAgents,
  'coordinate-replicas': coordinateReplicas,
  'observe-pools': observePoolsAndFollow,
  'check-pricing-alerts': checkPricingAlerts,
  'cap-launches': capLaunches,
  'accrue-savings': accrueSavings,
  'accrue-savings-again': accrueAgain,
  'measure-fleet': measureFleet,
  'delete-clients': deleteClients,
  'snapshot-clients': snapshotClients,
  'fill-price-gaps': fillPriceGaps,
  'play-what-ifs': playWhatIfs,
  'delete-old-rows': deleteOldRows,
});
