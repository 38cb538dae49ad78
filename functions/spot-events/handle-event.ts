import { record } from '../core/event/events.ts';
import {
  handleTermination,
  type Outcome,
  type Preparation,
  prepareStandby,
  type Signal,
} from '../core/failover/notices.ts';
import { type KnownMachine, type NamedByEc2, readMachinesOf, type StandbyState } from '../core/failover/state.ts';
import { reportTermination } from '../core/termination/terminations.ts';
import type { Db } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import { detailTypes, endingStates } from './ec2-events.ts';
import type { Ec2Event, Received, StateChange } from './events.ts';

/** A notice that comes later than this is about a machine long gone, or one that was spared (docs/overview.md). */
const staleMs = 10 * 60_000;

/** From EC2's warning to the end of the machine. */
const noticeMs = 120_000;

/** What came of an event, in a word to count. */
export type Effect =
  | Outcome['kind']
  | Preparation['kind']
  | 'confirmed'
  | 'stale'
  | 'not_wanted'
  | 'nothing'
  | 'unknown_instance'
  | 'foreign_account'
  | 'agent_not_found';

/**
 * Does what an event of EC2's calls for: rules over rows, like what the agents themselves bring (contract R8, R9). The
 * same notice by both ways, in any order and number, is one failover.
 * @throws DatabaseError when it could not be done: the event is to come again
 */
export async function handleEvent(db: Db, { event, now }: Received): Promise<Effect> {
  const named = await readMachinesOf(db, event.detail['instance-id'], now);
  if (!named) return 'unknown_instance';
  if (named.awsAccountId !== event.account) return 'foreign_account';
  const seen = named.state.agent.status === 'deleted' ? undefined : named.state; // looked for once more, and not found
  try {
    return await follow(db, { ...named.machine, isSwitching: named.isSwitching, seen }, event, now);
  } catch (error) {
    if (error instanceof AppError && error.code === 'agent_not_found') return 'agent_not_found';
    if (error instanceof AppError && error.code === 'auto_switch_disabled') return 'not_wanted';
    throw error;
  }
}

type Machine = KnownMachine &
  Pick<NamedByEc2, 'isSwitching'> & {
    /** Its agent's, read just now. */
    readonly seen: StandbyState | undefined;
  };

async function follow(db: Db, machine: Machine, event: Ec2Event, now: Date): Promise<Effect> {
  const { seen } = machine;
  switch (event['detail-type']) {
    case detailTypes.stateChange:
      return followState(db, machine, event, now);
    case detailTypes.rebalance:
      if (isStale(event, now)) return recordStale(db, machine, event, now);
      return (await prepareStandby(db, signalOf(machine, event, 'rebalance-recommendation', now), { seen })).kind;
    case detailTypes.interruption: {
      if (isStale(event, now)) return recordStale(db, machine, event, now);
      const signal = signalOf(machine, event, 'termination-notice', now);
      const terminationTime = new Date(signal.detectedAt.getTime() + noticeMs);
      return (await handleTermination(db, { ...signal, terminationTime }, { seen })).kind;
    }
  }
}

/**
 * A machine has ended or is ending. One that has been replaced is thereby seen to be gone; one that serves, or stands by,
 * is lost, as if EC2 had given notice with no time left, whoever ended it.
 */
async function followState(db: Db, machine: Machine, event: StateChange, now: Date): Promise<Effect> {
  const { state } = event.detail;
  if (!endingStates.includes(state)) return 'nothing';
  if (machine.instanceStatus === 'zombie' || machine.instanceStatus === 'terminated')
    return state === 'terminated' ? confirm(db, machine, event, now) : 'nothing';
  if (isStale(event, now)) return recordStale(db, machine, event, now);
  if (machine.isPrimary && machine.isSwitching) return 'nothing';
  const signal = signalOf(machine, event, 'termination-notice', now);
  const { kind } = await handleTermination(db, { ...signal, terminationTime: now }, { seen: machine.seen });
  if (state === 'terminated') await confirm(db, machine, event, now); // for the primary, only once it has been replaced
  return kind;
}

async function confirm(db: Db, { id, clientId, agentId }: Machine, { time }: Ec2Event, now: Date): Promise<Effect> {
  const body = { instance_id: id, success: true, terminated_at: earlier(time, now) };
  await reportTermination(db, { clientId, ref: agentId, now, body });
  return 'confirmed';
}

const isStale = ({ time }: Ec2Event, now: Date) => now.getTime() - time.getTime() > staleMs;

/** Nothing happens after we hear of it: a claim from the future is held to our time. */
const earlier = (claimed: Date, now: Date) => (claimed < now ? claimed : now);

const signalOf = ({ id, clientId, agentId }: Machine, { time }: Ec2Event, type: Signal['type'], now: Date): Signal => ({
  clientId,
  agentId,
  instanceId: id,
  type,
  detectedAt: earlier(time, now),
  announcedAt: earlier(time, now),
  terminationTime: undefined,
  now,
});

/** What it announced has happened by now, or has not: to act on it would hit whatever came after. */
async function recordStale(
  db: Db,
  { id, clientId, agentId }: Machine,
  { time, 'detail-type': type }: Ec2Event,
  now: Date,
): Promise<Effect> {
  await record(db, now, {
    clientId,
    agentId,
    instanceId: id,
    type: 'stale_notice',
    severity: 'warning',
    message: `${type} of ${id} came ${Math.round((now.getTime() - time.getTime()) / 60_000)} minutes late: nothing was done`,
    dedupeKey: `stale:${type}:${id}:${time.getTime()}`,
  });
  return 'stale';
}
