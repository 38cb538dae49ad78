/**
 * DECIMAL columns. The Data API returns them as text, so that no digit is lost. They are written as text with six
 * decimal digits, which is what our money columns hold.
 */

/** A value for a column; `null` when unknown. Text, which comes from another column, is kept as it is. */
export function toDecimal(value: string | number): string;
export function toDecimal(value: string | number | null | undefined): string | null;
export function toDecimal(value: string | number | null | undefined): string | null {
  return typeof value === 'number' ? value.toFixed(6) : (value ?? null);
}

/** A column's value as a rule uses it; `undefined` for NULL. */
export function fromDecimal(column: string): number;
export function fromDecimal(column: string | null | undefined): number | undefined;
export function fromDecimal(column: string | null | undefined): number | undefined {
  return column == null ? undefined : Number(column);
}

/** A column's value as a response has it; `null` for NULL. */
export const fromDecimalOrNull = (column: string | null | undefined) => (column == null ? null : Number(column));
