import { randomUUID } from 'node:crypto';
import type { Tx } from '../../shared/db.ts';
import type { Machine } from '../agent/primary.ts';

/** One side of a switch: a machine, and what an hour of it cost; `undefined` is not known. */
export interface SwitchSide extends Omit<Machine, 'onDemandPrice' | 'launchedAt' | 'host'> {
  readonly poolId?: string | undefined;
}

export interface SwitchRecord {
  readonly clientId: string;
  readonly agentId: string;
  readonly commandId: string | undefined;
  readonly from: SwitchSide;
  readonly to: SwitchSide;
  readonly onDemandPrice: number | undefined;
  readonly trigger: string;
  readonly snapshot?: {
    readonly used: boolean;
    readonly snapshotId?: string | undefined;
    readonly volumeId?: string | undefined;
  };
  readonly timing: SwitchTiming;
  /** As it came. */
  readonly rawTiming?: unknown;
  readonly inferred: boolean;
  readonly now: Date;
}

export interface SwitchTiming {
  readonly initiatedAt: Date;
  readonly amiCreatedAt?: Date | undefined;
  readonly launchedAt?: Date | undefined;
  readonly readyAt?: Date | undefined;
  readonly trafficSwitchedAt?: Date | undefined;
  readonly oldTerminatedAt?: Date | undefined;
}

const hourly = (side: SwitchSide, onDemandPrice: number | undefined) =>
  side.mode === 'spot' ? side.spotPrice : onDemandPrice;

/** What an hour costs less after the switch, USD; `undefined` where a price is not known, which is not "nothing". */
export function savingsImpact({ from, to, onDemandPrice }: Pick<SwitchRecord, 'from' | 'to' | 'onDemandPrice'>) {
  const before = hourly(from, onDemandPrice);
  const after = hourly(to, onDemandPrice);
  return before === undefined || after === undefined ? undefined : before - after;
}

/** DECIMAL text of six digits, or NULL. */
export const decimal = (value: number | undefined) => value?.toFixed(6) ?? null;

const secondsBetween = (from: Date | undefined, to: Date | undefined) =>
  from && to && to >= from ? Math.round((to.getTime() - from.getTime()) / 1000) : null;

/** Writes a switch once: what was inferred is replaced by the agent's own report, which is replaced by nothing. */
export async function recordSwitch(tx: Tx, record: SwitchRecord): Promise<void> {
  const { from, to, timing } = record;
  const facts = {
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
    ondemandPrice: decimal(record.onDemandPrice),
    oldSpotPrice: decimal(from.spotPrice),
    newSpotPrice: decimal(to.spotPrice),
    savingsImpact: decimal(savingsImpact(record)),
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
    timingData: record.rawTiming ?? null,
    // Both machines serve until traffic moves: what is lost is the time from there to the new one's being ready, if any.
    downtimeSeconds: secondsBetween(timing.trafficSwitchedAt, timing.readyAt) ?? 0,
    totalDurationSeconds: secondsBetween(timing.initiatedAt, timing.trafficSwitchedAt ?? timing.readyAt),
    inferred: record.inferred,
  };
  await tx
    .insertInto('switches')
    .values({
      id: randomUUID(),
      clientId: record.clientId,
      agentId: record.agentId,
      oldInstanceId: from.instanceId,
      newInstanceId: to.instanceId,
      createdAt: record.now,
      ...facts,
    })
    .onDuplicateKeyUpdate((eb) => (record.inferred ? { id: eb.ref('switches.id') } : facts))
    .execute();
}
