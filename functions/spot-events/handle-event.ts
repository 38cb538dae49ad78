import { findAgent } from '../core/agent/read.ts';
import type { KnownInstance } from '../core/agent/state.ts';
import { isAwaitingSuccessor } from '../core/command/open-switch.ts';
import { record } from '../core/event/events.ts';
import type { Preparation } from '../core/failover/announce.ts';
import {
  forNotice,
  handleTermination,
  type NoticeState,
  type Outcome,
  prepareStandby,
} from '../core/failover/notices.ts';
import { noticeMs, type Signal } from '../core/failover/signal.ts';
import { recordShutdown, reportTermination } from '../core/termination/terminations.ts';
import type { Db } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import { earlier, minuteMs, msAfter, msSince } from '../shared/time.ts';
import { detailTypes, endingStates } from './ec2-events.ts';
import type { Ec2Event, Interruption, Received, StateChange } from './events.ts';

/** A notice older than this is about an instance long gone, or one that was spared (docs/overview.md). */
const staleMs = 10 * minuteMs;

/** If another transaction holds the agent, the event is left to its next delivery (docs/adr/0025). */
const skipLocked = true;

/** The outcome of an event, as it is counted. */
export type Effect =
  | Outcome['kind']
  | Preparation['kind']
  | 'confirmed'
  | 'shutting-down'
  | 'stale'
  | 'not_wanted'
  | 'nothing'
  | 'unknown_instance'
  | 'foreign_account'
  | 'agent_not_found';

/**
 * Acts on an EC2 event (protocol 9.5), by the same rules as for reports of agents. The same notice from EC2 and from
 * the agent, in any order and number, leads to one failover.
 * @throws DatabaseError when it failed: the event must be delivered again
 */
export async function handleEvent(db: Db, { event, now }: Received): Promise<Effect> {
  const instanceId = event.detail['instance-id'];
  const wanted = { ...forNotice(instanceId), instance: instanceId, inFlight: true, tenant: true } as const;
  const state = await findAgent(db, { instanceId, deleted: true, with: wanted }, now);
  if (!state?.instance) return 'unknown_instance';
  if (state.tenant.awsAccountId !== event.account) return 'foreign_account';
  const { agent, instance, inFlight } = state;
  const seen = agent.status === 'deleted' ? undefined : state; // the rules look it up again, and do not find it
  try {
    return await follow(db, { ...instance, isSwitching: isAwaitingSuccessor(inFlight), seen }, event, now);
  } catch (error) {
    if (error instanceof AppError && error.code === 'agent_not_found') return 'agent_not_found';
    if (error instanceof AppError && error.code === 'auto_switch_disabled') return 'not_wanted';
    throw error;
  }
}

interface Named extends KnownInstance {
  /** Whether the agent's successor is on its way: this instance is left on purpose. */
  readonly isSwitching: boolean;
  /** Its agent's state, as just read. */
  readonly seen: NoticeState | undefined;
}

async function follow(db: Db, instance: Named, event: Ec2Event, now: Date): Promise<Effect> {
  const { seen } = instance;
  switch (event['detail-type']) {
    case detailTypes.stateChange:
      return followState(db, instance, event, now);
    case detailTypes.rebalance:
      if (isStale(event, now)) return recordStale(db, instance, event, now);
      return (
        await prepareStandby(
          db,
          { signal: signalOf(instance, event, 'rebalance-recommendation', now), seen, skipLocked },
          now,
        )
      ).kind;
    case detailTypes.interruption:
    case detailTypes.reservation: {
      if (isStale(event, now)) return recordStale(db, instance, event, now);
      const signal = signalOf(instance, event, 'termination-notice', now);
      const terminationTime = endOf(event) ?? msAfter(signal.detectedAt, noticeMs);
      return (await handleTermination(db, { signal: { ...signal, terminationTime }, seen, skipLocked }, now)).kind;
    }
  }
}

/** When EC2 terminates the instance, if the event says so. */
const endOf = ({ detail }: Interruption) =>
  'instance-termination-time' in detail ? detail['instance-termination-time'] : undefined;

/**
 * Handles an instance that has ended or is ending. One that has been replaced is thereby confirmed gone. A primary or
 * standby is lost, as if EC2 had given notice with no time left, whoever ended it.
 */
async function followState(db: Db, instance: Named, event: StateChange, now: Date): Promise<Effect> {
  const { state } = event.detail;
  if (!endingStates.includes(state)) return 'nothing';
  if (instance.instanceStatus === 'zombie' || instance.instanceStatus === 'terminated')
    return followRetired(db, instance, event, now);
  if (isStale(event, now)) return recordStale(db, instance, event, now);
  if (instance.isPrimary && instance.isSwitching) return 'nothing';
  const signal = signalOf(instance, event, 'termination-notice', now);
  const ended = { ...signal, terminationTime: now };
  const { kind } = await handleTermination(db, { signal: ended, seen: instance.seen, skipLocked }, now);
  // A primary only once it has been replaced.
  if (state === 'terminated') await confirm(db, instance, event, now);
  if (state === 'shutting-down') await dateEnd(db, instance, event, now);
  return kind;
}

async function followRetired(db: Db, instance: Named, event: StateChange, now: Date): Promise<Effect> {
  const { state } = event.detail;
  if (state === 'terminated') return confirm(db, instance, event, now);
  if (state !== 'shutting-down' || isStale(event, now)) return 'nothing';
  await dateEnd(db, instance, event, now);
  return 'shutting-down';
}

const dateEnd = (db: Db, { id: instanceId, clientId, agentId }: Named, { time }: Ec2Event, now: Date) =>
  recordShutdown(db, { clientId, agentId, instanceId, at: earlier(time, now) });

async function confirm(db: Db, { id, clientId, agentId }: Named, { time }: Ec2Event, now: Date): Promise<Effect> {
  const outcome = { goneAt: earlier(time, now) };
  await reportTermination(db, { clientId, ref: agentId, instanceId: id, outcome }, now);
  return 'confirmed';
}

const isStale = ({ time }: Ec2Event, now: Date) => msSince(time, now) > staleMs;

const signalOf = ({ id, clientId, agentId }: Named, { time }: Ec2Event, type: Signal['type'], now: Date): Signal => ({
  clientId,
  agentId,
  instanceId: id,
  type,
  detectedAt: earlier(time, now),
  announcedAt: earlier(time, now),
  terminationTime: undefined,
});

/** What it announced has happened by now, or never will: acting on it would hit whatever came after. */
async function recordStale(
  db: Db,
  { id, clientId, agentId }: Named,
  { time, 'detail-type': type }: Ec2Event,
  now: Date,
): Promise<Effect> {
  await record(
    db,
    {
      clientId,
      agentId,
      instanceId: id,
      type: 'stale_notice',
      severity: 'warning',
      message: `${type} of ${id} came ${Math.round((now.getTime() - time.getTime()) / 60_000)} minutes late: nothing was done`,
      dedupeKey: `stale:${type}:${id}:${time.getTime()}`,
    },
    now,
  );
  return 'stale';
}
