import { type ParsedMarket, type Pool, type PriceStep, PricesError } from './market.ts';

/** One row of a price history: the pool costs `price` from `time` on. */
export interface PriceEvent {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly instanceType: string;
  readonly product: string;
  /** USD per instance-hour. */
  readonly price: number;
  readonly az: string;
}

/** Which part of a file to read. Each choice has a default, which the market's notes mention. */
export interface PriceChoices {
  readonly instanceType?: string | undefined;
  readonly product?: string | undefined;
  readonly region?: string | undefined;
  /** USD per hour. */
  readonly onDemandPrice?: number | undefined;
}

const day = 24 * 3600_000;

/**
 * Makes one market from the rows of a history, which may mix instance types, products and regions.
 *
 * A row records a price change, so a pool has no price before its first row. The market starts once every pool that
 * appears on the first day has a price. Pools that appear later join later. The market ends with the last row.
 */
export function marketOfEvents(rows: readonly PriceEvent[], name: string, choices: PriceChoices): ParsedMarket {
  if (rows.length === 0) throw new PricesError(`${name} has a header but no prices`);
  const notes = [`Prices from ${name}.`];
  const only = (of: readonly PriceEvent[], what: string, option: string, wanted: string | undefined, key: KeyOf) => {
    const { chosen, values } = choose(of, wanted, key);
    if (!chosen) throw new PricesError(`${name} has no ${what} ${wanted}; it has ${listed(values)} (see ${option})`);
    if (!wanted && values.length > 1)
      notes.push(`Chose the most frequent of ${values.length} ${what}s, ${chosen}; ${option} chooses another.`);
    return of.filter((row) => key(row) === chosen);
  };
  const ofType = only(rows, 'instance type', '--instance-type', choices.instanceType, (row) => row.instanceType);
  const ofProduct = only(ofType, 'product', '--product', choices.product, (row) => row.product);
  const events = only(ofProduct, 'region', '--region', choices.region, (row) => regionOf(row.az));

  const pools = poolsOf(events);
  const firsts = pools.map((pool) => pool.steps[0]!.from);
  const first = Math.min(...firsts);
  const start = Math.max(...firsts.filter((time) => time - first <= day));
  const late = firsts.filter((time) => time > start).length;
  if (start > first)
    notes.push(`Starts ${utc(start)}, when every pool has a price; the first row is from ${utc(first)}.`);
  if (late > 0) notes.push(`${late} of ${pools.length} pools have no price during the first day.`);
  return {
    instanceType: events[0]!.instanceType,
    region: regionOf(events[0]!.az),
    start: new Date(start),
    end: new Date(events.reduce((latest, event) => Math.max(latest, event.time), start)),
    pools,
    notes,
  };
}

type KeyOf = (row: PriceEvent) => string;

function choose(rows: readonly PriceEvent[], wanted: string | undefined, key: KeyOf) {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(key(row), (counts.get(key(row)) ?? 0) + 1);
  const values = [...counts.keys()].sort((a, b) => counts.get(b)! - counts.get(a)! || a.localeCompare(b));
  return { values, chosen: values.find((value) => !wanted || value === wanted) };
}

function poolsOf(events: readonly PriceEvent[]): Pool[] {
  const byAz = Map.groupBy(events, (event) => event.az);
  return [...byAz.keys()].sort().map((az) => {
    const steps: PriceStep[] = [];
    for (const { time, price } of byAz.get(az)!.toSorted((a, b) => a.time - b.time)) {
      if (steps.at(-1)?.from === time) steps.pop();
      if (steps.at(-1)?.price !== price) steps.push({ from: time, price });
    }
    return { az, steps };
  });
}

const directions: Readonly<Record<string, string>> = {
  n: 'north',
  ne: 'northeast',
  e: 'east',
  se: 'southeast',
  s: 'south',
  sw: 'southwest',
  w: 'west',
  nw: 'northwest',
  c: 'central',
};

/** The region of a zone name (`us-east-1b`, `us-west-2-lax-1a`) or zone id (`use1-az2`); otherwise the zone itself. */
export function regionOf(az: string): string {
  const name = /^[a-z]{2}(?:-[a-z]+)+-\d+/.exec(az);
  if (name) return name[0];
  const [, area, direction, number] = /^([a-z]{2}|usg)([ns]?[ew]|[nsc])(\d+)-/.exec(az) ?? [];
  if (!area || !direction) return az;
  return `${area === 'usg' ? 'us-gov' : area}-${directions[direction]}-${number}`;
}

const utc = (time: number) => new Date(time).toISOString().replace('.000Z', 'Z');

const listed = (values: readonly string[]) =>
  values.slice(0, 8).join(', ') + (values.length > 8 ? ` and ${values.length - 8} more` : '');
