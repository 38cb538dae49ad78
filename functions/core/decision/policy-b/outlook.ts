import { mostHazard, type PolicyBConfig, phaseOf, tick } from './config.ts';
import type { JobInPools } from './job-in-pools.ts';
import { lifeOf, multiple } from './pool-life.ts';
import type { Tier } from './tiers.ts';
import { type Mode, modes, stateOf } from './value-table.ts';
import type { ValueTables, Weighted } from './value-tables.ts';

/** Returns the value tables for a Spot price that is this share of the on-demand price. */
export type TablesFor = (spotShare: number) => ValueTables;

/** What a job can expect if it keeps to the pools of one tier, treated as one pool. */
export interface Outlook {
  readonly tier: Tier;
  /** The mean Spot price divided by the on-demand price, with launch costs spread over the time that pools last. */
  readonly spotShare: number;
  /** How often the tier's spells end, as a multiple of the fitted hazards. */
  readonly up: number;
  readonly down: number;
  readonly tables: readonly Weighted[];
}

/** @returns undefined for a tier that is no cheaper than on-demand */
export function outlookOf(
  { pools, group, overhead }: JobInPools,
  tier: Tier,
  onDemandPrice: number,
  tablesFor: TablesFor,
  config: PolicyBConfig,
): Outlook | undefined {
  const own = pools.filter(({ id }) => tier.pools.includes(id));
  const prices = own.map(({ id, price }) => price * (1 + overhead / tick / lifeOf(group.pools[id], config)));
  const spotShare = prices.reduce((sum, price) => sum + price, 0) / own.length / onDemandPrice;
  if (spotShare >= 1) return undefined;
  // With more pools, one of them is up more of the time.
  const spread = own.length ** config.tierSpread;
  const up = multiple(tier.record?.up, config.priorEnds, 1 / spread);
  const down = multiple(tier.record?.down, config.priorEnds, spread);
  return { tier, spotShare, up, down, tables: tablesFor(spotShare).around(up, down) };
}

/**
 * The expected cost of finishing a job after a tick in a mode, in on-demand ticks.
 * @param work left at that time, in ticks
 */
export function valueAfter(
  { timeLeft }: JobInPools,
  { tier, up, down, tables }: Outlook,
  mode: Mode,
  work: number,
  config: PolicyBConfig,
): number {
  const { hazards, ageing } = config;
  const at = (state: number) =>
    tables.reduce((sum, [weight, table]) => sum + weight * table.at(timeLeft / tick - 1, work, state), 0);
  const value = (isUp: boolean, phase: number) => {
    const ends = Math.min(mostHazard, isUp ? hazards.up[phase]! * up : hazards.down[phase]! * down);
    const ages = ageing[phase]!;
    const stays = (1 - ages) * at(stateOf(mode, isUp, phase)) + ages * at(stateOf(mode, isUp, Math.min(phase + 1, 3)));
    return (1 - ends) * stays + ends * at(stateOf(mode === modes.spot ? modes.idle : mode, !isUp, 0));
  };
  const { record, isKnown } = tier;
  if (mode === modes.spot) return value(true, record ? phaseOf(record.age) : 0);
  if (record && isKnown) return value(record.isUp, phaseOf(record.age));
  // The state of this tier cannot be seen. It counts as up for the share of time that spells of middle age give.
  const [comes, goes] = [hazards.down[2] * down, hazards.up[2] * up];
  return (comes * value(true, 2) + goes * value(false, 1)) / (comes + goes);
}
