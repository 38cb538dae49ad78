import { randomUUID } from 'node:crypto';
import type { Tx } from '../../shared/db.ts';
import { toDecimal } from '../../shared/decimal.ts';
import { fitted } from '../../shared/json-bounds.ts';
import type { InstanceFacts } from '../agent/instance-facts.ts';

/** One side of a switch: an instance and its hourly price. */
export interface SwitchSide extends InstanceFacts {
  readonly poolId?: string | null | undefined;
}

export interface SwitchRecord {
  readonly clientId: string;
  readonly agentId: string;
  readonly commandId: string | undefined;
  readonly from: SwitchSide;
  readonly to: SwitchSide;
  readonly onDemandPrice: string | number | null | undefined;
  readonly trigger: string;
  readonly snapshot?: {
    readonly used: boolean;
    readonly snapshotId?: string | undefined;
    readonly volumeId?: string | undefined;
  };
  readonly timing: SwitchTiming;
  /** The timing as the agent reported it. */
  readonly rawTiming?: unknown;
  readonly inferred: boolean;
}

export interface SwitchTiming {
  readonly initiatedAt: Date;
  readonly amiCreatedAt?: Date | undefined;
  readonly launchedAt?: Date | null | undefined;
  readonly readyAt?: Date | null | undefined;
  readonly trafficSwitchedAt?: Date | undefined;
  readonly oldTerminatedAt?: Date | undefined;
}

/** How much less an hour costs after the switch, USD; `undefined` if a price is unknown, which is not "nothing". */
export function savingsImpact({ from, to, onDemandPrice }: Pick<SwitchRecord, 'from' | 'to' | 'onDemandPrice'>) {
  const hourly = (side: SwitchSide) => (side.mode === 'spot' ? side.spotPrice : onDemandPrice);
  const [was, is] = [hourly(from), hourly(to)];
  return was == null || is == null ? undefined : Number(was) - Number(is);
}

/** Writes a switch once. The agent's own report replaces an earlier record; an inferred one replaces nothing. */
export async function recordSwitch(tx: Tx, record: SwitchRecord, now: Date): Promise<void> {
  const columns = columnsOf(record);
  await tx
    .insertInto('switches')
    .values({
      id: randomUUID(),
      clientId: record.clientId,
      agentId: record.agentId,
      oldInstanceId: record.from.instanceId,
      newInstanceId: record.to.instanceId,
      createdAt: now,
      ...columns,
    })
    .onDuplicateKeyUpdate((eb) => (record.inferred ? { id: eb.ref('switches.id') } : columns))
    .execute();
}

/** Moves an agent's switches to the agent that continues it, so that they count there. */
export const moveSwitches = (
  tx: Tx,
  { clientId, from, into }: { readonly clientId: string; readonly from: string; readonly into: string },
) =>
  tx
    .updateTable('switches')
    .set({ agentId: into })
    .where('agentId', '=', from)
    .where('clientId', '=', clientId)
    .execute();

function columnsOf(record: SwitchRecord) {
  const { from, to, timing } = record;
  return {
    commandId: record.commandId ?? null,
    oldInstanceType: from.instanceType ?? null,
    newInstanceType: to.instanceType ?? null,
    oldRegion: from.region ?? null,
    newRegion: to.region ?? null,
    oldAz: from.az ?? null,
    newAz: to.az ?? null,
    oldMode: from.mode ?? ('unknown' as const),
    newMode: to.mode ?? ('unknown' as const),
    oldPoolId: from.poolId ?? null,
    newPoolId: to.poolId ?? null,
    oldAmiId: from.amiId ?? null,
    newAmiId: to.amiId ?? null,
    ondemandPrice: toDecimal(record.onDemandPrice),
    oldSpotPrice: toDecimal(from.spotPrice),
    newSpotPrice: toDecimal(to.spotPrice),
    savingsImpact: toDecimal(savingsImpact(record)),
    eventTrigger: record.trigger,
    triggerType: record.trigger,
    snapshotUsed: record.snapshot?.used ?? false,
    snapshotId: record.snapshot?.snapshotId ?? null,
    volumeId: record.snapshot?.volumeId ?? null,
    initiatedAt: timing.initiatedAt,
    amiCreatedAt: timing.amiCreatedAt ?? null,
    instanceLaunchedAt: timing.launchedAt ?? null,
    instanceReadyAt: timing.readyAt ?? null,
    trafficSwitchedAt: timing.trafficSwitchedAt ?? null,
    oldTerminatedAt: timing.oldTerminatedAt ?? null,
    timingData: record.rawTiming ? fitted(record.rawTiming, 'switches.timing_data') : null,
    // Both instances serve until traffic moves. Downtime runs from then until the new one is ready, if it was not yet.
    downtimeSeconds: secondsBetween(timing.trafficSwitchedAt, timing.readyAt) ?? 0,
    totalDurationSeconds: secondsBetween(timing.initiatedAt, timing.trafficSwitchedAt ?? timing.readyAt),
    inferred: record.inferred,
  };
}

const secondsBetween = (from: Date | undefined, to: Date | null | undefined) =>
  from && to && to >= from ? Math.round((to.getTime() - from.getTime()) / 1000) : null;
