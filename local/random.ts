import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { mersenne } from 'pure-rand/generator/mersenne';

/** Numbers with 0 <= x < 1, the same ones for the same seed. */
export type Random = () => number;

/** @param seed a whole number; its lowest 32 bits count */
export function seeded(seed: number): Random {
  // Our seeds differ little. Of pure-rand's generators, only this one gives such seeds unrelated first numbers.
  const generator = mersenne(seed);
  return () => uniformFloat64(generator);
}

/** A seed from a text (FNV-1a). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  return hash >>> 0;
}

/** A draw from the exponential distribution with that mean. */
export const exponential = (random: Random, mean: number): number => -mean * Math.log(1 - random());

/** A draw from the standard normal distribution (Box-Muller). */
export function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
