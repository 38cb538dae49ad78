import type { Tx } from '../../shared/db.ts';
import { minuteMs, msBefore } from '../../shared/time.ts';
import { readAgent } from '../agent/read.ts';
import type { AgentState } from '../agent/state.ts';
import { attachToStandby } from './attach-instance.ts';

/** An instance boots and registers within this time after its launch is claimed. */
const bootsWithinMs = 80 * minuteMs;

interface Registered {
  readonly instanceId: string;
  /** The Spot pool that the instance runs in; `null` for on-demand. */
  readonly poolId: string | null;
}

/** Why an instance that registers beside the primary was launched. */
export type Bound = 'standby' | 'took-over' | 'surplus' | 'nothing';

/**
 * Matches an instance that registers beside its agent's primary to a launch that was claimed in the same pool and never
 * reported. The R5 request was lost, and nothing else will say which instance the launch produced. One statement if
 * there is no such launch. The caller holds the agent's lock.
 * @returns `surplus` if the launch had already been given up: the instance is listed for termination
 */
export async function bindToLaunch(
  tx: Tx,
  { agent: { id: agentId, clientId } }: AgentState,
  { instanceId, poolId }: Registered,
  now: Date,
): Promise<Bound> {
  if (poolId === null) return 'nothing';
  const launch = await tx
    .selectFrom('replicaInstances')
    .select('id')
    .where('agentId', '=', agentId)
    .where('clientId', '=', clientId)
    .where('poolId', '=', poolId)
    .where('instanceId', 'is', null)
    .where('launchClaimedAt', '>', msBefore(now, bootsWithinMs))
    .orderBy('isActive', 'desc')
    .orderBy('launchClaimedAt', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!launch) return 'nothing';
  const wanted = { standbys: true, replica: launch.id, openSwitch: true, notice: undefined } as const;
  const state = await readAgent(tx, { clientId, agentId, with: wanted }, now);
  const standby = state.replica!; // never undefined: read in the same snapshot as the launch
  const status = await attachToStandby(tx, state, { standby, instanceId, isReady: false }, now);
  return status === 'promoted' ? 'took-over' : standby.isActive ? 'standby' : 'surplus';
}
