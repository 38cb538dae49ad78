/**
 * Money without rounding on the way: prices are whole micro-dollars an hour, times are milliseconds, and their product is rounded
 * once, to a whole micro-dollar, which is what our columns of money hold.
 */

const hour = 3_600_000n;

/** What a DECIMAL column with six digits after the point says, in micro-dollars. */
export function toMicros(decimal: string): bigint {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(decimal) ?? [];
  const micros = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
  return sign ? -micros : micros;
}

/** The text of a DECIMAL column. */
export function toText(micros: bigint): string {
  const sign = micros < 0n ? '-' : '';
  const digits = (micros < 0n ? -micros : micros).toString().padStart(7, '0');
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** What so many micro-dollars an hour, times milliseconds, come to; half a micro-dollar is rounded up. */
export const roundedCost = (microMs: bigint): bigint => (microMs + hour / 2n) / hour;

/** Milliseconds as hours, for a DECIMAL column. */
export const hoursText = (ms: number): string => (ms / 3_600_000).toFixed(6);
