/**
 * Money without intermediate rounding: prices are whole micro-dollars per hour, times are milliseconds, and their
 * products are rounded once, to whole micro-dollars, the precision of our money columns.
 */

const hour = 3_600_000n;

/** Micro-dollars from the text of a DECIMAL column with up to six decimals. */
export function toMicros(decimal: string): bigint {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(decimal) ?? [];
  const micros = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
  return sign ? -micros : micros;
}

/** Micro-dollars as text for a DECIMAL column. */
export function toText(micros: bigint): string {
  const sign = micros < 0n ? '-' : '';
  const digits = (micros < 0n ? -micros : micros).toString().padStart(7, '0');
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** Micro-dollars from a sum of micro-dollars per hour times milliseconds; half a micro-dollar is rounded up. */
export const roundedCost = (microMs: bigint): bigint => (microMs + hour / 2n) / hour;

/** Milliseconds as hours, for a DECIMAL column. */
export const hoursText = (ms: number): string => (ms / 3_600_000).toFixed(6);
