import { PricesError } from './market.ts';

/** Reads a price, text or number, in USD per instance-hour. @throws PricesError */
export function priceOf(seen: unknown, where: string): number {
  const price = typeof seen === 'string' && seen.trim() !== '' ? Number(seen) : seen;
  if (typeof price === 'number' && Number.isFinite(price) && price > 0) return price;
  throw new PricesError(`${where}: SpotPrice is ${shown(seen)}; expected USD per hour above 0, such as 0.0416`);
}

/** Reads an ISO-8601 time, UTC unless it names a zone. @returns milliseconds since 1970. @throws PricesError */
export function timeOf(seen: unknown, where: string): number {
  if (typeof seen === 'string' && /^\d{4}-\d\d-\d\d/.test(seen)) {
    const zoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(seen) || seen.length === 10;
    const time = Date.parse(zoned ? seen : `${seen.replace(' ', 'T')}Z`);
    if (Number.isFinite(time)) return time;
  }
  throw new PricesError(`${where}: Timestamp is ${shown(seen)}; expected a time such as 2024-01-01T00:00:00Z`);
}

export const shown = (seen: unknown) => (JSON.stringify(seen) ?? 'absent').slice(0, 60);
