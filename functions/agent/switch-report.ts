import type * as z from 'zod';
import { type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { keepAsZombie } from '../core/agent/instances.ts';
import { lockAgent } from '../core/agent/lock.ts';
import { changePrimary } from '../core/agent/primary.ts';
import type { AgentState, SwitchKey } from '../core/agent/state.ts';
import { recordSwitch, type SwitchTiming } from '../core/command/switch-record.ts';
import { record } from '../core/event/events.ts';
import { placeOf } from '../core/pool/region.ts';
import { type Db, type Tx, transact } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import { adoptSuccessor } from './adopt-successor.ts';
import type { SwitchReport } from './requests.ts';
import { announcementOf, factsOf, pricesOf, timingOf } from './switch-facts.ts';

interface SwitchCall extends OfAgent {
  readonly body: z.output<typeof SwitchReport>;
}

type State = AgentState<'instance' | 'inFlight' | 'recorded' | 'standbyCount'>;

/**
 * Records a finished switch (protocol A7) in one transaction; a repeat changes nothing. The new instance becomes the
 * primary and the former primary steps down, even if the reporter is stale: its report is still true. If a later switch
 * is already recorded, or the new instance has stepped down since, it is a leftover, kept as a zombie so that it gets
 * terminated. A successor that lacks a logical id, and so registered as a new agent, is adopted first.
 * @throws AppError agent_not_found, instance_of_another_client
 */
export function reportSwitch(db: Db, { clientId, ref, body }: SwitchCall, now: Date): Promise<void> {
  const { agentId, instanceId: speaker } = parseHandle(ref);
  const newId = body.new_instance.instance_id;
  const oldId = body.old_instance?.instance_id ?? speaker ?? 'unknown';
  const timing = timingOf(body, now);
  const switched = { oldId, newId, initiatedAt: timing.initiatedAt };
  const wanted = { instance: newId, inFlight: true, recorded: switched, standbyCount: true } as const;
  return transact(db, async (tx) => {
    const found = await lockAgent(tx, { clientId, agentId, ref, with: wanted }, now);
    const state = { ...found, inFlight: commandReported(found, switched) };
    const { agent, instance, recorded } = state;
    const facts = factsOf(body, { agent, command: state.inFlight, oldId, timing });
    if (instance && (instance.clientId !== clientId || instance.agentId !== agentId)) {
      const isOldGone = timing.oldTerminatedAt !== undefined;
      const successor = await adoptSuccessor(tx, { state, oldId, isOldGone }, now);
      if (!successor)
        throw new AppError('instance_of_another_client', `Instance ${newId} does not belong to this agent`);
      await recordSwitch(tx, { ...facts, agentId: successor.id }, now);
      await record(tx, announcementOf(successor, facts), now);
      return;
    }
    if (recorded.reported) return;
    if (isLeftover(state)) {
      await recordSwitch(tx, facts, now);
      await keepAsZombie(tx, { ...facts.to, clientId, agentId }, now);
      return;
    }
    const staysSwitching = found.inFlight?.status === 'dispatched' && !state.inFlight;
    await follow(tx, { state, body, oldId, timing, staysSwitching }, now);
    await recordSwitch(tx, facts, now);
    await record(tx, announcementOf(agent, facts), now);
  });
}

/**
 * The command that a report is about, which agents do not say: the one in flight, if the reported old instance took it
 * and no other successor is bound to it. A late report of an earlier switch must not close a command that its successor
 * took.
 */
function commandReported({ inFlight }: State, { oldId, newId }: SwitchKey) {
  if (!inFlight) return undefined;
  const { dispatchedTo, newInstanceId } = inFlight;
  return newInstanceId === newId || (newInstanceId === null && dispatchedTo === oldId) ? inFlight : undefined;
}

/** Two switches are ordered by their instances' clocks; the one that is in flight needs no comparison. */
function isLeftover({ instance, recorded, inFlight }: State): boolean {
  const isRetired = instance?.instanceStatus === 'zombie' || instance?.instanceStatus === 'terminated';
  return isRetired || (recorded.overtaken && !instance?.isPrimary && inFlight === undefined);
}

interface Followed {
  readonly state: State;
  readonly body: SwitchCall['body'];
  readonly oldId: string;
  readonly timing: SwitchTiming;
  readonly staysSwitching: boolean;
}

/** Makes the reported instance the primary. */
async function follow(tx: Tx, { state, body, oldId, timing, staysSwitching }: Followed, now: Date): Promise<void> {
  const { agent, primary, inFlight } = state;
  const { new_instance: next } = body;
  const prices = pricesOf(body);
  const newId = next.instance_id;
  const stepsDown = [...new Set([oldId, ...(primary ? [primary.id] : [])])].filter((id) => id !== newId);
  await changePrimary(
    tx,
    {
      agent,
      cause: 'switch',
      next: {
        instanceId: newId,
        instanceType: next.instance_type,
        ...placeOf(next.az),
        amiId: next.ami_id,
        mode: next.mode,
        spotPrice: prices.newSpot,
        onDemandPrice: prices.onDemand,
        launchedAt: timing.launchedAt,
      },
      wasPrimary: primary?.id === newId,
      former: stepsDown.map((instanceId) => ({
        instanceId,
        becomes: instanceId === oldId && timing.oldTerminatedAt ? 'terminated' : 'zombie',
      })),
      command: inFlight && { id: inFlight.id, closes: true },
      staysSwitching,
    },
    now,
  );
}
