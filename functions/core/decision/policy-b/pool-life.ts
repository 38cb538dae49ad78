import { mostHazard, type PolicyBConfig, phaseOf } from './config.ts';
import type { Ends, PoolRecord } from './pool-record.ts';

/**
 * How often spells end, as a multiple of the fitted hazards.
 * @param prior the weight of `expected`, in expected ends
 */
export const multiple = (ends: Ends | undefined, prior: number, expected: number) =>
  ((ends?.seen ?? 0) + prior * expected) / ((ends?.expected ?? 0) + prior);

/** How many ticks a pool that is up now is expected to last. One not known to be up counts as having just come up. */
export function lifeOf(record: PoolRecord | undefined, { hazards, ageing, lifePrior }: PolicyBConfig): number {
  const scale = multiple(record?.up, lifePrior, 1);
  const from = record?.isUp ? phaseOf(record.age) : 0;
  let life = 0;
  for (let phase = hazards.up.length - 1; phase >= from; phase -= 1) {
    const stays = 1 - Math.min(mostHazard, hazards.up[phase]! * scale);
    const older = ageing[phase]!;
    life = (1 + stays * older * life) / (1 - stays * (1 - older));
  }
  return life;
}
