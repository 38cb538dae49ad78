import * as z from 'zod';
import { type ParsedMarket, PricesError } from './market.ts';
import type { PriceEvent } from './price-events.ts';
import { priceOf, shown, timeOf } from './price-fields.ts';

const History = z.object({
  SpotPriceHistory: z.array(
    z.object({
      AvailabilityZone: z.string().min(1).optional(),
      AvailabilityZoneId: z.string().min(1).optional(),
      InstanceType: z.string().min(1),
      ProductDescription: z.string().min(1),
      SpotPrice: z.unknown(),
      Timestamp: z.unknown(),
    }),
  ),
});

/** `[price, repeat]`: the price of `repeat` steps; null while EC2 published none. */
const PriceRun = z.tuple([z.number().positive().nullable(), z.int().positive()]);

/** `[count, repeat]`: how many instances were available, for `repeat` steps. */
const CountRun = z.tuple([z.int().nonnegative(), z.int().positive()]);

const Trace = z.object({
  instanceType: z.string().min(1),
  region: z.string().min(1),
  onDemandPrice: z.number().positive().optional(),
  startUtc: z.string(),
  startExact: z.boolean().default(true),
  stepSeconds: z.number().positive(),
  steps: z.int().positive().optional(),
  priceNote: z.string().optional(),
  source: z.string().optional(),
  pools: z
    .array(
      z.object({
        az: z.string().min(1).optional(),
        azId: z.string().min(1).optional(),
        priceRle: z.array(PriceRun).min(1),
        countRle: z.array(CountRun).min(1).optional(),
      }),
    )
    .min(1),
});

/** Reads either kind of JSON: the rows of `describe-spot-price-history`, or a market in run-length steps. */
export function readJson(text: string, name: string): PriceEvent[] | ParsedMarket {
  const json = parse(text, name);
  if (json !== null && typeof json === 'object') {
    if ('SpotPriceHistory' in json) return events(checked(History, json, name), name);
    if ('pools' in json) return trace(checked(Trace, json, name), name);
  }
  const seen = Array.isArray(json)
    ? 'a list'
    : `the fields ${Object.keys(json as object)
        .slice(0, 8)
        .join(', ')}`;
  throw new PricesError(`${name} is JSON with neither SpotPriceHistory nor pools; saw ${seen}`);
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PricesError(`${name} is not JSON: ${(error as Error).message}`);
  }
}

function checked<T extends z.ZodType>(schema: T, json: unknown, name: string): z.output<T> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  const seen = path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], json);
  throw new PricesError(`${name}, ${z.core.toDotPath(path)}: ${message}; saw ${shown(seen)}`);
}

function events({ SpotPriceHistory }: z.output<typeof History>, name: string): PriceEvent[] {
  return SpotPriceHistory.map((row, index) => {
    const where = `${name}, SpotPriceHistory[${index}]`;
    const az = row.AvailabilityZone ?? row.AvailabilityZoneId;
    if (!az) throw new PricesError(`${where} has neither AvailabilityZone nor AvailabilityZoneId`);
    return {
      time: timeOf(row.Timestamp, where),
      instanceType: row.InstanceType,
      product: row.ProductDescription,
      price: priceOf(row.SpotPrice, where),
      az,
    };
  });
}

function trace(file: z.output<typeof Trace>, name: string): ParsedMarket {
  const start = timeOf(file.startUtc, `${name}, startUtc`);
  const step = file.stepSeconds * 1000;
  const steps = file.steps ?? Math.max(...file.pools.map(({ priceRle }) => stepsIn(priceRle)));
  for (const [index, { priceRle, countRle }] of file.pools.entries())
    for (const [field, runs] of Object.entries({ priceRle, countRle }))
      if (runs && stepsIn(runs) !== steps)
        throw new PricesError(
          `${name}, pools[${index}].${field} has ${stepsIn(runs)} steps where the file has ${steps}`,
        );
  const pools = file.pools.map((pool, index) => {
    const az = pool.az ?? pool.azId;
    if (!az) throw new PricesError(`${name}, pools[${index}] has neither az nor azId`);
    return {
      az,
      steps: stepsOf(pool.priceRle, start, step, (price) => ({ price })),
      capacity: pool.countRle && stepsOf(pool.countRle, start, step, (count) => ({ count })),
    };
  });
  if (pools.every((pool) => pool.steps.every(({ price }) => price === null)))
    throw new PricesError(`${name} has no price at all: every step of every pool is null`);
  const notes = [`Prices from ${name}${file.source ? ` (${file.source})` : ''}.`];
  if (file.priceNote) notes.push(`Prices: ${file.priceNote}.`);
  if (!file.startExact) notes.push('Only the date of the start is known; the time of day means nothing.');
  const { instanceType, region, onDemandPrice } = file;
  return {
    instanceType,
    region,
    onDemandPrice,
    start: new Date(start),
    end: new Date(start + steps * step),
    pools,
    notes,
  };
}

type Run = readonly [value: number | null, repeat: number];

const stepsIn = (runs: readonly Run[]) => runs.reduce((total, [, repeat]) => total + repeat, 0);

function stepsOf<V extends number | null, T>(
  runs: readonly (readonly [V, number])[],
  start: number,
  step: number,
  valued: (value: V) => T,
): (T & { from: number })[] {
  let from = start;
  return runs.map(([value, repeat]) => {
    const valuedStep = { from, ...valued(value) };
    from += repeat * step;
    return valuedStep;
  });
}
