import type { Life } from '../../functions/core/savings/account-hour.ts';
import type { Overlay } from '../../functions/core/savings/overlay.ts';

/** All times in the histories that are passed in are multiples of this. */
export const stepMs = 20_000;

/**
 * What an hour cost, computed from the rules alone and as simply as possible: it steps through the hour by 20 seconds
 * and adds up. It shares no code with what it checks.
 * @returns dollars of baseline and cost, by instance
 */
export function walkThroughHour(lives: readonly Life[], overlays: readonly Overlay[], hourFrom: number) {
  const sums = new Map<string, { baseline: number; actual: number }>();
  for (let at = hourFrom; at < hourFrom + 3_600_000; at += stepMs) {
    const running = lives.filter((one) => at >= one.from && (one.to === undefined || at < one.to));
    const primary = primaryOf(running, at);
    for (const one of running) {
      const sum = sums.get(one.instanceId) ?? { baseline: 0, actual: 0 };
      sums.set(one.instanceId, sum);
      const od = lastSeen(one.onDemand, at) ?? number(one.reportedOnDemand);
      const spot = lastSeen(one.spot, at, 86_400_000) ?? number(one.reportedSpot);
      const odPaid = pay(overlays, one.instanceType, 'ondemand', od, at);
      const paid = one.mode === 'spot' ? pay(overlays, one.instanceType, 'spot', spot, at) : odPaid;
      if (paid === undefined) continue;
      if (one === primary && odPaid === undefined) continue;
      const tookWithinHour = one.mode === 'spot' && one.isInterrupted && one.to! - one.from < 3_600_000;
      if (!tookWithinHour) sum.actual += (paid * stepMs) / 3_600_000;
      if (one === primary) sum.baseline += (odPaid! * stepMs) / 3_600_000;
    }
  }
  return sums;
}

const number = (micros: bigint | undefined) => (micros === undefined ? undefined : Number(micros) / 1e6);

function lastSeen(steps: Life['spot'], at: number, forMs = Number.POSITIVE_INFINITY): number | undefined {
  let found: number | undefined;
  for (const { from, micros } of steps) if (from <= at) found = at - from < forMs ? Number(micros) / 1e6 : undefined;
  return found;
}

function primaryOf(running: readonly Life[], at: number): Life | undefined {
  let best: Life | undefined;
  for (const one of running) {
    if (one.primarySince === undefined || (one.servedUntil !== undefined && at >= one.servedUntil)) continue;
    if (!best) best = one;
    else {
      const [oneBegan, bestBegan] = [one.primarySince <= at, best.primarySince! <= at];
      if (oneBegan && !bestBegan) best = one;
      else if (oneBegan && bestBegan && one.primarySince > best.primarySince!) best = one;
      else if (!oneBegan && !bestBegan && one.primarySince < best.primarySince!) best = one;
    }
  }
  return best;
}

function pay(overlays: readonly Overlay[], type: string | null, mode: string, price: number | undefined, at: number) {
  if (price === undefined) return undefined;
  let found: Overlay | undefined;
  for (const one of overlays) {
    if (one.mode !== mode) continue;
    if (one.from !== undefined && at < one.from) continue;
    if (one.until !== undefined && at >= one.until) continue;
    if (one.instanceType === type || (one.instanceType === '' && !found)) found = one;
  }
  if (!found) return price;
  if (found.hourlyPrice !== null) return Number(found.hourlyPrice);
  // Whole numbers until the division, so that a half is a half: 0.254223 * 1e6 is a float below 254,223.
  return Math.round((Math.round(price * 1e6) * Math.round(Number(found.multiplier) * 1e6)) / 1e6) / 1e6;
}
