import { type Market, poolOf, spotCost } from '../../market/market.ts';
import type { Instance } from './instance.ts';

const freeOfChargeMs = 3600_000;

/** What an instance has cost so far, USD, billed by the second. Free when EC2 interrupted it within its first hour. */
export const costOf = (instance: Instance, market: Market, now: Date): number =>
  costBetween(instance, market, { from: instance.runningAt, until: now });

/** The same for the part of its time that lies within the period. */
export function costBetween(
  instance: Instance,
  market: Market,
  period: { readonly from: Date; readonly until: Date },
): number {
  const stoppedAt = instance.stoppedAt?.getTime() ?? Number.POSITIVE_INFINITY;
  const from = new Date(Math.max(period.from.getTime(), instance.runningAt.getTime()));
  const until = new Date(Math.min(period.until.getTime(), stoppedAt));
  const ms = until.getTime() - from.getTime();
  if (ms <= 0 || (instance.interrupted && stoppedAt - instance.runningAt.getTime() < freeOfChargeMs)) return 0;
  if (instance.mode === 'ondemand') return (market.onDemandPrice * ms) / 3600_000;
  return spotCost(poolOf(market, instance.az)!, from, until);
}
