/**
 * DECIMAL columns. The Data API gives them as text, so that no digit is lost on the way; they are written as text of six
 * digits, which is what our columns of money hold.
 */

/** A number for a column, or NULL where it is not known; text of another column stays what it is. */
export function toDecimal(value: string | number): string;
export function toDecimal(value: string | number | null | undefined): string | null;
export function toDecimal(value: string | number | null | undefined): string | null {
  return typeof value === 'number' ? value.toFixed(6) : (value ?? null);
}

/** What a column holds, for a rule; `undefined` for NULL. */
export function fromDecimal(column: string): number;
export function fromDecimal(column: string | null | undefined): number | undefined;
export function fromDecimal(column: string | null | undefined): number | undefined {
  return column == null ? undefined : Number(column);
}

/** What a column holds, for an answer; `null` for NULL. */
export const fromDecimalOrNull = (column: string | null | undefined) => (column == null ? null : Number(column));
