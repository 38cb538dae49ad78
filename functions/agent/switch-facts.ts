import type * as z from 'zod';
import type { InFlight } from '../core/agent/state.ts';
import { type SwitchRecord, type SwitchSide, type SwitchTiming, savingsImpact } from '../core/command/switch-record.ts';
import type { SystemEvent } from '../core/event/events.ts';
import { poolOf } from '../core/pool/pool-id.ts';
import { priceFrom } from '../core/pool/price.ts';
import { placeOf } from '../core/pool/region.ts';
import { heldTo } from '../shared/fields.ts';
import type { Agent } from '../shared/schema.ts';
import type { SwitchReport } from './requests.ts';

/** Converts a switch report, with either set of keys, to our own records. */
type Report = z.output<typeof SwitchReport>;

/** Unreadable times are left out. A missing start becomes the launch time or, without one, now. */
export function timingOf({ timing: t }: Report, now: Date): SwitchTiming {
  const held = (claim: { time: Date | undefined } | undefined) => claim?.time && heldTo(claim.time, now);
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

/** USD per instance-hour. */
export function pricesOf({ prices, pricing }: Report) {
  const claimed = prices ?? pricing;
  return {
    onDemand: priceFrom(claimed?.on_demand),
    oldSpot: priceFrom(claimed?.old_spot),
    newSpot: priceFrom(claimed?.new_spot),
  };
}

interface Context {
  readonly agent: Agent;
  readonly command: InFlight | undefined;
  readonly oldId: string;
  readonly timing: SwitchTiming;
}

export function factsOf(body: Report, { agent, command, oldId, timing }: Context): SwitchRecord {
  const prices = pricesOf(body);
  return {
    clientId: agent.clientId,
    agentId: agent.id,
    commandId: command?.id ?? commandIdFrom(body),
    from: sideOf(body.old_instance, oldId, prices.oldSpot),
    to: sideOf(body.new_instance, body.new_instance.instance_id, prices.newSpot),
    onDemandPrice: prices.onDemand,
    // The agent knows only a priority; the command says what requested the switch.
    trigger: (command?.createdBy ?? body.trigger ?? 'manual').slice(0, 16).toWellFormed(),
    snapshot: {
      used: body.snapshot?.used ?? false,
      snapshotId: body.snapshot?.snapshot_id,
      volumeId: body.snapshot?.volume_id,
    },
    timing,
    rawTiming: body.timing && asReported(body.timing),
    inferred: false,
  };
}

/** Our command ids have 36 characters. A longer one is ignored rather than failing the report. */
const commandIdFrom = ({ command_id: id }: Report) => (id !== undefined && id.length <= 36 ? id : undefined);

const asReported = (timing: NonNullable<Report['timing']>) =>
  Object.fromEntries(Object.entries(timing).map(([name, claim]) => [name, claim?.raw]));

const sideOf = (side: Report['old_instance'], instanceId: string, spotPrice: number | undefined): SwitchSide => ({
  instanceId,
  instanceType: side?.instance_type,
  ...placeOf(side?.az),
  amiId: side?.ami_id,
  mode: side?.mode,
  poolId: side?.pool_id ?? poolOf(side?.mode, side?.instance_type, side?.az),
  spotPrice,
});

export function announcementOf(agent: Agent, facts: SwitchRecord): SystemEvent {
  return {
    clientId: agent.clientId,
    agentId: agent.id,
    instanceId: facts.to.instanceId,
    type: 'switch_completed',
    severity: 'info',
    message: `Agent ${agent.logicalAgentId} moved from ${poolOrMode(facts.from)} to ${poolOrMode(facts.to)}, ${effectOf(facts)}`,
    metadata: { commandId: facts.commandId ?? null, oldInstanceId: facts.from.instanceId, trigger: facts.trigger },
    notify: true,
  };
}

const poolOrMode = ({ poolId }: SwitchSide) => poolId ?? 'on-demand';

function effectOf(facts: SwitchRecord): string {
  const saving = savingsImpact(facts);
  if (saving === undefined) return 'at unknown prices';
  const dollars = `$${Math.abs(saving).toFixed(4)} an hour`;
  return saving >= 0 ? `saving ${dollars}` : `costing ${dollars} more`;
}
