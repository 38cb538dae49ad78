import { type Market, poolOf, spotCost } from '../../market/market.ts';
import type { Instance } from './instance.ts';

const freeOfChargeMs = 3600_000;

/** What an instance has cost so far, USD, billed by the second. Free when EC2 interrupted it within its first hour. */
export function costOf(instance: Instance, market: Market, now: Date): number {
  const until = new Date(Math.min(now.getTime(), instance.stoppedAt?.getTime() ?? Number.POSITIVE_INFINITY));
  const runtime = until.getTime() - instance.runningAt.getTime();
  if (runtime <= 0 || (instance.interrupted && runtime < freeOfChargeMs)) return 0;
  if (instance.mode === 'ondemand') return (market.onDemandPrice * runtime) / 3600_000;
  return spotCost(poolOf(market, instance.az)!, instance.runningAt, until);
}
