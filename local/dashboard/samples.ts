/** The values of a metric in a period, in a form that yields any of CloudWatch's statistics. */
export interface Samples {
  count: number;
  sum: number;
  max: number;
  /** Number of values near 1.05 to the power of each key; `-` counts those below 0.01. */
  readonly by: Record<string, number>;
}

const base = Math.log(1.05);
const keyOf = (value: number) => (value < 0.01 ? '-' : String(Math.round(Math.log(value) / base)));

export const newSamples = (): Samples => ({ count: 0, sum: 0, max: Number.NEGATIVE_INFINITY, by: {} });

export function addValue(samples: Samples, value: number): void {
  add(samples, { count: 1, sum: value, max: value, by: { [keyOf(value)]: 1 } });
}

/** Adds the samples of another period. */
export function add(samples: Samples, { count, sum, max, by }: Samples): void {
  samples.count += count;
  samples.sum += sum;
  samples.max = Math.max(samples.max, max);
  for (const [key, n] of Object.entries(by)) samples.by[key] = (samples.by[key] ?? 0) + n;
}

/** @returns a percentile to within 2.5 %, the other statistics exactly */
export function statisticOf(samples: Samples, statistic: 'Average' | 'Maximum' | 'Sum' | 'p50' | 'p99'): number {
  switch (statistic) {
    case 'Sum':
      return samples.sum;
    case 'Average':
      return samples.sum / samples.count;
    case 'Maximum':
      return samples.max;
    default:
      return percentile(samples, Number(statistic.slice(1)) / 100);
  }
}

function percentile({ count, max, by }: Samples, share: number): number {
  const sorted = Object.entries(by)
    .map(([key, n]) => [key === '-' ? 0 : Math.exp(Number(key) * base), n] as const)
    .sort(([a], [b]) => a - b);
  let left = Math.ceil(share * count);
  for (const [value, n] of sorted) {
    left -= n;
    if (left <= 0) return Math.min(value, max);
  }
  return max;
}
