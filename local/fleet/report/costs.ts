import type { Market } from '../../market/market.ts';
import type { Fleet } from '../run/fleet.ts';

/** USD since the start: what the instances cost, and what one on-demand instance for each agent would have cost. */
export interface Costs {
  readonly actual: number;
  readonly baseline: number;
}

export function costsOf({ ec2 }: Fleet, { onDemandPrice }: Market, now: Date): Costs {
  const firstRunningAt = new Map<string, Date>();
  for (const { agent, runningAt } of ec2.instances)
    if (!firstRunningAt.has(agent)) firstRunningAt.set(agent, runningAt);
  let baseline = 0;
  for (const from of firstRunningAt.values())
    baseline += (onDemandPrice * Math.max(0, now.getTime() - from.getTime())) / 3600_000;
  return { actual: ec2.bill(now), baseline };
}

export const savingsPercent = ({ actual, baseline }: Costs) => (baseline === 0 ? 0 : 100 * (1 - actual / baseline));
