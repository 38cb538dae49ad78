import fc, { type Arbitrary } from '../fast-check.ts';
import type { Asked } from './types.ts';

/** Values that may be just outside of what a field accepts. The document's schema tells whether they are. */
const strange: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 31,
  2 ** 53,
  101,
  '',
  ' ',
  '0',
  'x'.repeat(33),
  'x'.repeat(256),
  'x'.repeat(2001),
  'a\0b',
  '\u{1f4a3}',
  '2026-13-01T00:00:00Z',
  'true',
  'None',
  [],
  [null],
  {},
  { a: [{}] },
];

/** Requests with one value replaced or left out; it may be the whole body. */
export function nearMisses(requests: Arbitrary<Asked>): Arbitrary<Asked> {
  const change = fc.record({
    at: fc.nat(),
    value: fc.option(fc.constantFrom(...strange), { nil: undefined, freq: 8 }),
  });
  return fc.tuple(requests, change).map(([asked, { at, value }]) => {
    const { query, body } = asked;
    const places = [...pathsOf(query, ['query']), ...pathsOf(body, ['body'])];
    const place = places[at % Math.max(1, places.length)];
    return place ? (replaced(asked, place, value) as Asked) : asked;
  });
}

/** The path of each value inside another, and of the value itself if it can be replaced. */
function pathsOf(value: unknown, path: readonly string[]): (readonly string[])[] {
  const own = path.length > 1 || path[0] === 'body' ? [path] : [];
  if (typeof value !== 'object' || value === null) return value === undefined ? [] : own;
  return [...own, ...Object.entries(value).flatMap(([key, inside]) => pathsOf(inside, [...path, key]))];
}

/** @param value `undefined` removes what is there */
function replaced(whole: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const copy = (Array.isArray(whole) ? [...whole] : { ...(whole as object) }) as Record<string, unknown>;
  const changed = replaced(copy[key], rest, value);
  if (changed !== undefined) copy[key] = changed;
  else if (Array.isArray(copy)) copy.splice(Number(key), 1);
  else delete copy[key];
  return copy;
}
