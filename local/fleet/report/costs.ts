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

/** By agent. */
export type PrimaryChanges = ReadonlyMap<string, readonly PrimaryChange[]>;

/** When each primary served, until it ended or another took over. @param changes by agent, as seen from outside */
function servicesOf({ ec2 }: Fleet, changes: PrimaryChanges, now: Date) {
  const instances = new Map(ec2.instances.map((instance) => [instance.id, instance]));
  return [...changes.values()].flatMap((ofAgent) =>
    ofAgent.map(({ instanceId, since }, i) => {
      const instance = instances.get(instanceId)!;
      const { runningAt, stoppedAt } = instance;
      // The first one serves once it runs; a later one must have taken over as well.
      const from = i === 0 ? runningAt : new Date(Math.max(runningAt.getTime(), since.getTime()));
      const ends = [stoppedAt, ofAgent[i + 1]?.since, now].filter((end) => end !== undefined);
      return { instance, from, until: new Date(Math.min(...ends.map(Number))) };
    }),
  );
}

/**
 * The fleet's own books, kept like the control plane's accounts: a workload has a baseline while it has a running
 * primary (docs/adr/0038).
 */
export function booksOf(fleet: Fleet, { onDemandPrice }: Market, changes: PrimaryChanges, until: Date): Costs {
  const served = servicesOf(fleet, changes, until).map((one) => Math.max(0, one.until.getTime() - one.from.getTime()));
  const servedMs = served.reduce((sum, ms) => sum + ms, 0);
  return { actual: fleet.ec2.bill(until), baseline: (onDemandPrice * servedMs) / hourMs };
}

/**
 * The cost of primaries, USD, and of those on-demand. Standbys, and replaced instances that still run, cost the rest.
 */
export function costOfPrimaries(fleet: Fleet, market: Market, changes: PrimaryChanges, now: Date) {
  const costs = servicesOf(fleet, changes, now).map(({ instance, ...period }) => ({
    isOnDemand: instance.mode === 'ondemand',
    usd: costBetween(instance, market, period),
  }));
  const sum = (some: typeof costs) => some.reduce((total, { usd }) => total + usd, 0);
  return { usd: sum(costs), onDemandUsd: sum(costs.filter(({ isOnDemand }) => isOnDemand)) };
}

export const savingsPercent = ({ actual, baseline }: Costs) => (baseline === 0 ? 0 : 100 * (1 - actual / baseline));
