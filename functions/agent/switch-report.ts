import type * as z from 'zod';
import { type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { changePrimary, poolOf } from '../core/agent/primary.ts';
import { type AgentState, lockAndLook, type SwitchKey } from '../core/agent/state.ts';
import { recordSwitch, type SwitchSide, type SwitchTiming, savingsImpact } from '../core/command/switch-record.ts';
import { record } from '../core/event/events.ts';
import { type Db, type Tx, transact } from '../shared/db.ts';
import { AppError, agentNotFound } from '../shared/errors.ts';
import { heldTo, priceFrom } from '../shared/fields.ts';
import type { Agent } from '../shared/schema.ts';
import type { SwitchReport } from './routes.ts';

type Report = z.output<typeof SwitchReport>;

interface SwitchCall extends OfAgent {
  readonly now: Date;
  readonly body: Report;
}

/**
 * Records a finished switch (contract A7) in one transaction; a repeat changes nothing. The new machine becomes the
 * primary, and whichever was it steps down: a stale reporter's word is still true of its machines. Unless a later switch
 * is recorded already, or the machine has stepped down since: then it is a leftover, kept as a zombie so that it is
 * terminated.
 * @throws AppError agent_not_found, instance_of_another_client
 */
export async function reportSwitch(db: Db, { clientId, ref, now, body }: SwitchCall): Promise<void> {
  const { agentId, instanceId: speaker } = parseHandle(ref);
  const newId = body.new_instance.instance_id;
  const oldId = body.old_instance?.instance_id ?? speaker ?? 'unknown';
  const timing = timingOf(body, now);
  await transact(db, async (tx) => {
    const switched = { oldId, newId, initiatedAt: timing.initiatedAt };
    const found = await lockAndLook(tx, { clientId, agentId, machineId: newId, switched, now });
    const state = { ...found, inFlight: commandReported(found, switched) };
    const { agent, machine } = state;
    if (agent.status === 'deleted') throw agentNotFound(ref);
    if (machine && (machine.clientId !== clientId || machine.agentId !== agentId))
      throw new AppError('instance_of_another_client', `Instance ${newId} does not belong to this agent`);
    if (state.reported) return;
    const facts = factsOf(body, state, { agent, oldId, timing, now });
    const isRetired = machine?.instanceStatus === 'zombie' || machine?.instanceStatus === 'terminated';
    // Which of two switches is the later one, their machines' clocks say; the one that is being carried out needs no clock.
    const isOvertaken = state.overtaken && !machine?.isPrimary && state.inFlight === undefined;
    if (isRetired || isOvertaken) {
      await recordSwitch(tx, facts);
      await keepAsZombie(tx, agent, body, now);
      return;
    }
    const staysSwitching = found.inFlight?.status === 'dispatched' && !state.inFlight;
    await takeOver(tx, state, body, { oldId, timing, staysSwitching, now });
    await recordSwitch(tx, facts);
    await record(tx, now, announcement(agent, facts));
  });
}

/**
 * The command that a report is about, as agents do not say: the one in flight, if the reported old machine has it and no
 * other successor has been bound to it. A late word of an earlier switch must not close what its successor is at.
 */
function commandReported({ inFlight }: AgentState, { oldId, newId }: SwitchKey) {
  if (!inFlight) return undefined;
  const { dispatchedTo, newInstanceId } = inFlight;
  return newInstanceId === newId || (newInstanceId === null && dispatchedTo === oldId) ? inFlight : undefined;
}

/** The times of either family of keys; what cannot be read is left out, and a start that is missing is now. */
function timingOf({ timing: t }: Report, now: Date): SwitchTiming {
  const held = (claim: { time: Date | undefined } | undefined) => claim?.time && heldTo(now, claim.time);
  const launchedAt = held(t?.new_instance_launched_at ?? t?.instance_launched_at);
  return {
    initiatedAt: held(t?.switch_initiated_at ?? t?.initiated_at) ?? launchedAt ?? now,
    amiCreatedAt: held(t?.ami_created_at),
    launchedAt,
    readyAt: held(t?.new_instance_ready_at ?? t?.instance_ready_at),
    trafficSwitchedAt: held(t?.traffic_switched_at),
    oldTerminatedAt: held(t?.old_instance_terminated_at ?? t?.old_terminated_at),
  };
}

function factsOf(
  body: Report,
  { inFlight }: AgentState,
  of: { agent: Agent; oldId: string; timing: SwitchTiming; now: Date },
) {
  const prices = pricesOf(body);
  return {
    clientId: of.agent.clientId,
    agentId: of.agent.id,
    commandId: inFlight?.id ?? body.command_id,
    from: sideOf(body.old_instance, of.oldId, prices.oldSpot),
    to: sideOf(body.new_instance, body.new_instance.instance_id, prices.newSpot),
    onDemandPrice: prices.onDemand,
    // The agent knows only a priority; what asked for the switch is on its command.
    trigger: (inFlight?.createdBy ?? body.trigger ?? 'manual').slice(0, 16),
    snapshot: {
      used: body.snapshot?.used ?? false,
      snapshotId: body.snapshot?.snapshot_id,
      volumeId: body.snapshot?.volume_id,
    },
    timing: of.timing,
    rawTiming: body.timing && inTheirWords(body.timing),
    inferred: false,
    now: of.now,
  };
}

function pricesOf({ prices, pricing }: Report) {
  const claimed = prices ?? pricing;
  return {
    onDemand: priceFrom(claimed?.on_demand),
    oldSpot: priceFrom(claimed?.old_spot),
    newSpot: priceFrom(claimed?.new_spot),
  };
}

const inTheirWords = (timing: NonNullable<Report['timing']>) =>
  Object.fromEntries(Object.entries(timing).map(([name, claim]) => [name, claim?.raw]));

function sideOf(side: Report['old_instance'], instanceId: string, spotPrice: number | undefined): SwitchSide {
  return {
    instanceId,
    instanceType: side?.instance_type,
    region: side?.region,
    az: side?.az,
    amiId: side?.ami_id,
    mode: side?.mode,
    poolId: side?.pool_id ?? poolOf(side?.mode, side?.instance_type, side?.az) ?? undefined,
    spotPrice,
  };
}

async function takeOver(
  tx: Tx,
  state: AgentState,
  body: Report,
  of: { oldId: string; timing: SwitchTiming; staysSwitching: boolean; now: Date },
) {
  const { agent, primary, inFlight } = state;
  const { new_instance: next } = body;
  const prices = pricesOf(body);
  const newId = next.instance_id;
  const stepsDown = [...new Set([of.oldId, ...(primary ? [primary.id] : [])])].filter((id) => id !== newId);
  await changePrimary(tx, {
    agentId: agent.id,
    clientId: agent.clientId,
    epoch: agent.epoch,
    now: of.now,
    next: {
      instanceId: newId,
      instanceType: next.instance_type,
      region: next.region,
      az: next.az,
      amiId: next.ami_id,
      mode: next.mode,
      spotPrice: prices.newSpot,
      onDemandPrice: prices.onDemand,
      launchedAt: of.timing.launchedAt,
    },
    wasPrimary: primary?.id === newId,
    former: stepsDown.map((instanceId) => ({
      instanceId,
      becomes: instanceId === of.oldId && of.timing.oldTerminatedAt ? 'terminated' : 'zombie',
    })),
    command: inFlight && { id: inFlight.id, closes: true },
    isSwitch: true,
    staysSwitching: of.staysSwitching,
  });
}

/** A machine that a later switch has overtaken: it still runs and costs, so it is put where it will be terminated. */
async function keepAsZombie(tx: Tx, agent: Agent, { new_instance: machine }: Report, now: Date) {
  await tx
    .insertInto('instances')
    .values({
      id: machine.instance_id,
      clientId: agent.clientId,
      agentId: agent.id,
      instanceType: machine.instance_type ?? null,
      region: machine.region ?? null,
      az: machine.az ?? null,
      amiId: machine.ami_id ?? null,
      instanceStatus: 'zombie',
      isActive: false,
      currentMode: machine.mode ?? 'unknown',
      currentPoolId: poolOf(machine.mode, machine.instance_type, machine.az),
      installedAt: now,
      zombieAt: now,
      createdAt: now,
    })
    .onDuplicateKeyUpdate((eb) => ({ version: eb('instances.version', '+', 1) }))
    .execute();
}

function announcement(agent: Agent, facts: Parameters<typeof recordSwitch>[1]) {
  const saving = savingsImpact(facts);
  const money =
    saving === undefined
      ? 'at prices that are not known'
      : `${saving >= 0 ? 'saving' : 'costing'} $${Math.abs(saving).toFixed(4)} an hour ${saving >= 0 ? '' : 'more'}`.trim();
  const to = facts.to.poolId ?? 'on-demand';
  return {
    clientId: agent.clientId,
    agentId: agent.id,
    instanceId: facts.to.instanceId,
    type: 'switch_completed',
    severity: 'info' as const,
    message: `Agent ${agent.logicalAgentId} moved from ${facts.from.poolId ?? 'on-demand'} to ${to}, ${money}`,
    metadata: { commandId: facts.commandId ?? null, oldInstanceId: facts.from.instanceId, trigger: facts.trigger },
    notify: true,
  };
}
