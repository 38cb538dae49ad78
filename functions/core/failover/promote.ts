import type { Tx } from '../../shared/db.ts';
import { msBetween } from '../../shared/time.ts';
import { changePrimary } from '../agent/primary.ts';
import type { AgentState, Standby } from '../agent/state.ts';
import { isAwaitingSuccessor } from '../command/open-switch.ts';
import { recordSwitch } from '../command/switch-record.ts';
import { record, type SystemEvent } from '../event/events.ts';
import { keepAsStandby } from './standby-rows.ts';

/** How a standby becomes the primary. */
export interface Manner {
  readonly cause: 'promotion' | 'failover';
  /** Keeps the former primary as the next standby instead of retiring it. */
  readonly demote?: boolean;
}

type State = AgentState<'standbys' | 'openSwitch' | 'notice'>;

/**
 * Makes a standby the primary in the caller's transaction: four statements, one more if the former primary is kept. The
 * standby, its instance, the former primary, the agent and, in a failover, the notice change together.
 */
export async function promote(tx: Tx, state: State, standby: Standby, manner: Manner, now: Date): Promise<void> {
  const { agent, primary, notice, openSwitch } = state;
  const { cause } = manner;
  const demote = manner.demote === true && state.standbys.every(({ id }) => id === standby.id); // one standby is enough
  const answered = cause === 'failover' ? notice : undefined;
  await changePrimary(
    tx,
    {
      agent,
      cause,
      next: {
        ...placeOf(standby),
        instanceId: standby.instanceId!,
        mode: 'spot',
        spotPrice: standby.hourlyCost,
        onDemandPrice: primary?.ondemandPrice,
        launchedAt: standby.launchedAt,
      },
      former: primary ? [{ instanceId: primary.id, becomes: demote ? 'running_replica' : 'zombie' }] : [],
      staysSwitching: isAwaitingSuccessor(openSwitch) && openSwitch.status === 'dispatched',
      promotion: {
        replicaId: standby.id,
        failover: answered && { noticeId: answered.id, timeMs: Math.max(0, msBetween(answered.createdAt, now)) },
      },
    },
    now,
  );
  if (demote) await keepAsStandby(tx, state, now);
  await recordSwitch(tx, switchOf(state, standby, cause, now), now);
  await record(tx, announcement(state, standby, cause, now), now);
}

const placeOf = ({ instanceType, region, az }: Standby) => ({ instanceType, region, az });

const switchOf = ({ agent, primary }: AgentState, standby: Standby, cause: Manner['cause'], now: Date) => ({
  clientId: agent.clientId,
  agentId: agent.id,
  commandId: undefined,
  from: {
    ...primary,
    instanceId: primary?.id ?? 'none',
    mode: primary?.currentMode,
    poolId: primary?.currentPoolId,
  },
  to: {
    ...placeOf(standby),
    instanceId: standby.instanceId!,
    mode: 'spot' as const,
    poolId: standby.poolId,
    spotPrice: standby.hourlyCost,
  },
  onDemandPrice: primary?.ondemandPrice,
  trigger: cause === 'failover' ? 'emergency' : 'manual',
  timing: { initiatedAt: now, launchedAt: standby.launchedAt, readyAt: standby.readyAt, trafficSwitchedAt: now },
  inferred: false,
});

function announcement(
  { agent, primary }: AgentState,
  standby: Standby,
  cause: Manner['cause'],
  now: Date,
): SystemEvent {
  const isFailover = cause === 'failover';
  const { instanceId, poolId } = standby;
  const from = primary ? ` from ${primary.id}` : '';
  return {
    clientId: agent.clientId,
    agentId: agent.id,
    instanceId: instanceId ?? undefined,
    type: isFailover ? 'failover_completed' : 'replica_promoted',
    severity: isFailover ? 'warning' : 'info',
    message: isFailover
      ? `EC2 is ending ${primary?.id ?? 'the primary'} of agent ${agent.logicalAgentId}: ${instanceId} in ${poolId} took over`
      : `${instanceId} in ${poolId} took over agent ${agent.logicalAgentId}${from}`,
    metadata: {
      replicaId: standby.id,
      formerInstanceId: primary?.id ?? null,
      trigger: isFailover ? 'emergency' : 'manual',
    },
    notify: true,
    dedupeKey: `promoted:${standby.id}:${now.getTime()}`,
  };
}
