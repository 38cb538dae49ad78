import type { Tx } from '../../shared/db.ts';
import { minuteMs, msBefore } from '../../shared/time.ts';
import { readAgent } from '../agent/read.ts';
import type { AgentState } from '../agent/state.ts';
import { attachToStandby } from './attach-instance.ts';

/** An instance boots and registers within this time of the claim of its launch. */
const bootsWithinMs = 80 * minuteMs;

interface Registered {
  readonly instanceId: string;
  /** The Spot pool that the instance runs in, if it is not on-demand. */
  readonly poolId: string | null;
}

/** What an instance that registers beside the primary was launched for. */
export type Bound = 'standby' | 'took-over' | 'surplus' | 'nothing';

/**
 * Binds an instance that registers beside its agent's primary to the launch that was handed out in its pool and never
 * reported: R5 was lost, and nobody else will say which instance came of it. One statement where there is no such launch.
 * The caller holds the agent's lock.
 * @returns `surplus` if the launch was given up before: the instance is listed for termination
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
  const standby = state.replica!; // read in the transaction's snapshot, as the launch was
  const status = await attachToStandby(tx, state, { standby, instanceId, isReady: false }, now);
  return status === 'promoted' ? 'took-over' : standby.isActive ? 'standby' : 'surplus';
}
