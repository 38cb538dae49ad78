import type { Market } from '../../market/market.ts';
import { costBetween } from '../ec2/billing.ts';
import type { Fleet } from '../run/fleet.ts';
import type { PrimaryChange } from '../run/primary-observer.ts';

const hourMs = 3_600_000;

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
    baseline += (onDemandPrice * Math.max(0, now.getTime() - from.getTime())) / hourMs;
  return { actual: ec2.bill(now), baseline };
}

/**
 * The fleet's own books, as the control plane keeps its accounts: a workload has a baseline while it has a primary that runs
 * (docs/adr/0038).
 * @param primaryChanges by agent, as they were seen from outside
 */
export function booksOf(
  { ec2 }: Fleet,
  { onDemandPrice }: Market,
  primaryChanges: ReadonlyMap<string, readonly PrimaryChange[]>,
  until: Date,
): Costs {
  const instances = new Map(ec2.instances.map((instance) => [instance.id, instance]));
  let servedMs = 0;
  for (const changes of primaryChanges.values())
    for (const [i, { instanceId, since }] of changes.entries()) {
      const { runningAt, stoppedAt } = instances.get(instanceId)!;
      // The first is waited for from its launch on; a later one takes over from another.
      const from = i === 0 ? runningAt.getTime() : Math.max(runningAt.getTime(), since.getTime());
      const ends = [stoppedAt, changes[i + 1]?.since, until].filter((end) => end !== undefined);
      servedMs += Math.max(0, Math.min(...ends.map(Number)) - from);
    }
  return { actual: ec2.bill(until), baseline: (onDemandPrice * servedMs) / hourMs };
}

/** What primaries have cost, USD, and of that those on-demand; all else is of standbys, and of what was replaced and runs on. */
export function costOfPrimaries(
  { ec2 }: Fleet,
  market: Market,
  primaryChanges: ReadonlyMap<string, readonly PrimaryChange[]>,
  now: Date,
): { readonly usd: number; readonly onDemandUsd: number } {
  const instances = new Map(ec2.instances.map((instance) => [instance.id, instance]));
  let usd = 0;
  let onDemandUsd = 0;
  for (const changes of primaryChanges.values())
    for (const [i, { instanceId, since }] of changes.entries()) {
      const instance = instances.get(instanceId)!;
      // The first is waited for from its launch on.
      const from = i === 0 ? instance.runningAt : since;
      const cost = costBetween(instance, market, { from, until: changes[i + 1]?.since ?? now });
      usd += cost;
      if (instance.mode === 'ondemand') onDemandUsd += cost;
    }
  return { usd, onDemandUsd };
}

export const savingsPercent = ({ actual, baseline }: Costs) => (baseline === 0 ? 0 : 100 * (1 - actual / baseline));
