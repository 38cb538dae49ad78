import { mostHazard, type PolicyBConfig, phaseOf } from './config.ts';
import type { Ends, PoolRecord } from './pool-record.ts';

/**
 * How many times as often spells end as the fitted hazards say.
 * @param prior how many expected ends what is `expected` weighs
 */
export const multiple = (ends: Ends | undefined, prior: number, expected: number) =>
  ((ends?.seen ?? 0) + prior * expected) / ((ends?.expected ?? 0) + prior);

/** Ticks that a pool is expected to last which is up now; if it is not known to be, of one that has just come up. */
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
