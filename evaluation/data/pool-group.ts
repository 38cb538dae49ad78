import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { carryForward, type PoolGroup, type RecordedPool } from '../../functions/core/backtest/simulator/pool-group.ts';
import { DataError } from './data-error.ts';

/** Run-length encoding: `[value, repeat]`. */
const runs = z.array(z.tuple([z.number().nullable(), z.int().positive()]));

const file = z.object({
  id: z.string(),
  kind: z.string().optional(),
  instanceType: z.string().optional(),
  startUtc: z.string().optional(),
  stepSeconds: z.number().positive(),
  steps: z.int().positive(),
  onDemandPrice: z.number().positive(),
  pools: z
    .array(
      z.object({
        az: z.string().optional(),
        azId: z.string().optional(),
        onDemandPrice: z.number().positive().optional(),
        countRle: runs.optional(),
        priceRle: runs,
      }),
    )
    .min(1),
});

export interface RecordedGroup extends PoolGroup {
  /** How it was recorded: `preemption` if instances were kept running, `availability-probe` if each step launched one. */
  readonly kind?: string | undefined;
  readonly instanceType?: string | undefined;
}

/** @throws DataError if the file does not have this format */
export function readPoolGroup(path: string): RecordedGroup {
  const parsed = file.safeParse(parseJson(readFileSync(path, 'utf8'), path));
  if (!parsed.success) throw new DataError(`${path}: ${z.prettifyError(parsed.error)}`);
  const { pools, ...group } = parsed.data;
  return { ...group, pools: pools.map((pool) => readPool(pool, group, path)) };
}

/** @throws DataError */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(`${path}: ${(error as Error).message}`);
  }
}

type Head = Omit<z.infer<typeof file>, 'pools'>;

function readPool(pool: z.infer<typeof file>['pools'][number], group: Head, path: string): RecordedPool {
  const id = pool.az ?? pool.azId ?? '';
  const prices = expand(pool.priceRle);
  const counts = pool.countRle && expand(pool.countRle);
  for (const { length } of [prices, ...(counts ? [counts] : [])])
    if (length !== group.steps) throw new DataError(`${path}, pool ${id}: ${length} steps, expected ${group.steps}`);
  return {
    id,
    onDemandPrice: pool.onDemandPrice ?? group.onDemandPrice,
    // A pool without a price cannot be used.
    up: Uint8Array.from(prices, (price, step) => (price !== null && (counts?.[step] ?? 1) > 0 ? 1 : 0)),
    prices: carryForward(prices, group.onDemandPrice),
  };
}

const expand = (rle: z.infer<typeof runs>) =>
  rle.flatMap(([value, repeat]) => Array<number | null>(repeat).fill(value));
