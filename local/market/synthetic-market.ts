import { gaussian, type Random, seeded } from '../random.ts';
import type { Market, Pool } from './market.ts';

const hour = 3600_000;

/**
 * A made-up market for runs without a price file: four pools of m5.large in us-east-1. Each price is an hourly,
 * mean-reverting random walk around the pool's own discount. The result shows that the software works, not what it saves.
 */
export function syntheticMarket({ seed, start, days }: { seed: number; start: Date; days: number }): Market {
  const random = seeded(seed);
  const onDemandPrice = 0.096;
  const end = new Date(start.getTime() + days * 24 * hour);
  const pools = ['us-east-1a', 'us-east-1b', 'us-east-1c', 'us-east-1d'].map((az): Pool => {
    const mean = onDemandPrice * (0.3 + 0.25 * random());
    return { az, steps: walk(random, mean, start.getTime(), end.getTime()) };
  });
  return {
    instanceType: 'm5.large',
    region: 'us-east-1',
    onDemandPrice,
    start,
    end,
    pools,
    notes: [
      `SYNTHETIC prices: a seeded random walk (seed ${seed}), 4 pools of m5.large in us-east-1. Give --prices to play real ones.`,
    ],
  };
}

/** Each hour the log price moves 3 % back to its mean, plus noise of 1.5 %: a spread of about 6 % in the long run. */
function walk(random: Random, mean: number, start: number, end: number): Pool['steps'] {
  const steps: { from: number; price: number }[] = [];
  let deviation = 0.06 * gaussian(random);
  for (let from = start; from < end; from += hour) {
    steps.push({ from, price: Math.round(mean * Math.exp(deviation) * 10_000) / 10_000 });
    deviation = 0.97 * deviation + 0.015 * gaussian(random);
  }
  return steps;
}
