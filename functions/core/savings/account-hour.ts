import type { Mode } from '../../shared/schema.ts';
import { hourMs } from '../../shared/time.ts';
import { roundedCost } from './money.ts';
import { type Overlay, paidPrice } from './overlay.ts';
import { carryMs, type PriceStep, priceAt } from './price-steps.ts';

/** The lifetime of an instance, for accounting. Times are milliseconds since 1970. */
export interface Life {
  readonly instanceId: string;
  readonly instanceType: string | null;
  readonly mode: Mode;
  readonly from: number;
  /** `undefined` while it runs. */
  readonly to: number | undefined;
  /** When it last became the primary; `undefined` if it never was. */
  readonly primarySince: number | undefined;
  /** When it stopped serving for good. A zombie still costs money. */
  readonly servedUntil: number | undefined;
  /** Whether EC2 sent a termination notice for it. */
  readonly isInterrupted: boolean;
  /** Spot prices of its pool, and on-demand prices of its type. */
  readonly spot: readonly PriceStep[];
  readonly onDemand: readonly PriceStep[];
  /** The instance's last reported prices, used if no other price is known; micro-dollars per hour. */
  readonly reportedSpot: bigint | undefined;
  readonly reportedOnDemand: bigint | undefined;
}

/** What an instance cost in an hour. Costs are in micro-dollars. */
export interface InstanceHour {
  readonly instanceId: string;
  readonly mode: Mode;
  readonly ranMs: number;
  /** Time as the primary. */
  readonly primaryMs: number;
  /** Time without a known price: it counts neither as a cost nor as a saving. */
  readonly unpricedMs: number;
  readonly baseline: bigint;
  readonly actual: bigint;
  readonly freeReason: 'first-hour' | null;
  /** Labels of the price overlays that were applied in the hour. */
  readonly overlays: readonly string[];
}

/**
 * What the instances of one agent cost in an hour, and what its workload would have cost on-demand (docs/adr/0038).
 * Every running instance costs money, standbys and zombies too. The baseline is one on-demand instance while the agent
 * has a primary. A Spot instance that EC2 interrupts within its first hour is free, as in EC2's billing.
 * @param hourFrom start of the hour, milliseconds since 1970
 * @returns the instances that ran in the hour
 */
export function accountHour(lives: readonly Life[], overlays: readonly Overlay[], hourFrom: number): InstanceHour[] {
  const hourTo = hourFrom + hourMs;
  return lives.flatMap((life) => {
    const [from, to] = [Math.max(life.from, hourFrom), Math.min(life.to ?? hourTo, hourTo)];
    return from < to ? [accountInstance(life, { lives, overlays, from, to })] : [];
  });
}

interface Span {
  readonly lives: readonly Life[];
  readonly overlays: readonly Overlay[];
  readonly from: number;
  readonly to: number;
}

function accountInstance(life: Life, span: Span): InstanceHour {
  const isFree = isFreeOf(life);
  let [primaryMs, unpricedMs, baseline, actual] = [0, 0, 0n, 0n];
  const used = new Set<string>();
  const cuts = cutsOf(life, span);
  for (const [i, from] of cuts.slice(0, -1).entries()) {
    const ms = cuts[i + 1]! - from;
    const isPrimary = primaryAt(span.lives, from) === life.instanceId;
    const { own, onDemand } = pricesAt(life, span.overlays, from);
    if (isPrimary) primaryMs += ms;
    if (own === undefined || (isPrimary && onDemand === undefined)) {
      unpricedMs += ms;
      continue;
    }
    if (!isFree) actual += own.micros * BigInt(ms);
    if (isPrimary) baseline += onDemand!.micros * BigInt(ms);
    for (const price of [isFree ? undefined : own, isPrimary ? onDemand : undefined])
      if (price?.overlay) used.add(price.overlay.label);
  }
  return {
    instanceId: life.instanceId,
    mode: life.mode,
    ranMs: span.to - span.from,
    primaryMs,
    unpricedMs,
    baseline: roundedCost(baseline),
    actual: roundedCost(actual),
    freeReason: isFree ? 'first-hour' : null,
    overlays: [...used],
  };
}

const isFreeOf = ({ mode, from, to, isInterrupted }: Life) =>
  mode === 'spot' && isInterrupted && to !== undefined && to - from < hourMs;

/** The times at which a price or the primary may change, with the start and end of the span. */
function cutsOf(life: Life, { lives, overlays, from, to }: Span): number[] {
  const changes = [
    ...life.spot.flatMap((step) => [step.from, step.from + carryMs]),
    ...life.onDemand.map((step) => step.from),
    ...overlays.flatMap((one) => [one.from, one.until]),
    ...lives.flatMap((one) => [one.from, one.to, one.primarySince, one.servedUntil]),
  ];
  const within = changes.filter((at): at is number => at !== undefined && at > from && at < to);
  return [...new Set([from, ...within, to])].sort((a, b) => a - b);
}

/**
 * The agent's primary at a time: of the serving instances that had become the primary by then, the latest; if none had,
 * the first that became it later. Only the last time an instance became the primary is known. If it was the primary
 * before, it or another one held the role in between, which costs the same.
 */
function primaryAt(lives: readonly Life[], at: number): string | undefined {
  const serving = lives.filter(
    ({ from, to, primarySince, servedUntil }) =>
      primarySince !== undefined && from <= at && at < (to ?? at + 1) && at < (servedUntil ?? at + 1),
  );
  const begun = serving.filter(({ primarySince }) => primarySince! <= at);
  const [first] =
    begun.length > 0
      ? begun.toSorted((a, b) => b.primarySince! - a.primarySince!)
      : serving.toSorted((a, b) => a.primarySince! - b.primarySince!);
  return first?.instanceId;
}

/** What this tenant pays for the instance at a time, and what it would pay on-demand. */
function pricesAt(life: Life, overlays: readonly Overlay[], at: number) {
  const paid = (mode: 'spot' | 'ondemand', micros: bigint | undefined) =>
    micros === undefined ? undefined : paidPrice(overlays, { instanceType: life.instanceType, mode, micros }, at);
  const onDemand = paid('ondemand', priceAt(life.onDemand, at) ?? life.reportedOnDemand);
  const own = life.mode === 'spot' ? paid('spot', priceAt(life.spot, at, carryMs) ?? life.reportedSpot) : onDemand;
  return { own, onDemand };
}
