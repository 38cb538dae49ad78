import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { type PolicyAConfig, policyAConfig } from '../functions/core/decision/policy-a/config.ts';
import { type PolicyBConfig, policyBConfig } from '../functions/core/decision/policy-b/config.ts';
import { UsageError } from '../local/command-line.ts';

/** The parameters of the policies that are scored. */
export interface Policies {
  readonly a: PolicyAConfig;
  readonly b: PolicyBConfig;
}

export const defaultPolicies: Policies = { a: policyAConfig, b: policyBConfig };

const positive = z.number().positive();
const share = z.number().min(0).max(1);
const chances = z.tuple([share, share, share, share]);
const ascending = z
  .array(positive)
  .min(2)
  .refine((grid) => grid.every((value, index) => index === 0 || value > grid[index - 1]!), 'must be ascending');

const a = z.strictObject({
  hazard: z.strictObject({
    intercept: z.number(),
    rate7d: z.number(),
    rate24h: z.number(),
    upHours: z.number(),
    drops1h: z.number(),
    siblingsUp: z.number(),
    siblingDrops1h: z.number(),
    previousUpHours: z.number(),
    downHoursBefore: z.number(),
  } satisfies Shape<PolicyAConfig['hazard']>),
  pacing: z.strictObject({
    lambdas: z
      .strictObject({ from: positive, to: positive, count: z.int().min(2).max(200) })
      .refine(({ from, to }) => from < to, 'from must be below to'),
    priorDemand: positive,
    priorWeight: positive,
    blindDemand: positive,
    failoverShare: z.number().min(0),
    shortestRest: positive,
    horizons: z.array(positive).min(1),
  } satisfies Shape<PolicyAConfig['pacing']>),
  priceMargin: share,
  priceLife: positive,
} satisfies Shape<PolicyAConfig>);

const b = z.strictObject({
  hazards: z.strictObject({ up: chances, down: chances }),
  ageing: chances,
  multiples: z.strictObject({ up: ascending, down: ascending }),
  priorEnds: positive,
  lifePrior: positive,
  leastLife: z.number().min(0),
  tierSpread: share,
  missed: z.number().min(1),
} satisfies Shape<PolicyBConfig>);

/** Requires a schema for each parameter, so that none is forgotten. */
type Shape<T> = Record<keyof T, z.ZodType>;

const file = z.strictObject({ a, b });

/**
 * Reads parameters from a file that names only those that differ from the defaults.
 * @throws UsageError with the wrong value and what is expected
 */
export function readPolicies(path: string): Policies {
  const given = parseJson(path);
  const parsed = file.safeParse(merged(defaultPolicies, given));
  if (!parsed.success) throw new UsageError(`--policy ${path}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`--policy ${path}: ${(error as Error).message}`);
  }
}

/** Overrides `base` with `given`: objects are merged, lists are replaced. */
function merged(base: unknown, given: unknown): unknown {
  if (!isRecord(base) || !isRecord(given)) return given;
  return Object.fromEntries(
    [...new Set([...Object.keys(base), ...Object.keys(given)])].map((key) => [
      key,
      key in given ? merged(base[key], given[key]) : base[key],
    ]),
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
