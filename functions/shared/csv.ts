/** A file as a browser saves it. */
export interface CsvFile {
  readonly name: string;
  readonly text: string;
  /** Where the next file of the same rows begins. */
  readonly next?: string | undefined;
}

/** A text, or a number that is written with a fixed number of digits. */
export type Cell = string | number;

/** Text that a spreadsheet takes for a formula. It may come from anybody: agents name instances and pools. */
const formula = /^[=+\-@\t\r]/;

/**
 * A CSV file as defined by RFC 4180. An apostrophe in front of text that a spreadsheet would run as a formula keeps it
 * text; numbers are ours and may be negative.
 * @param digits after the decimal point of a number
 */
export function csvOf(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  { digits }: { readonly digits: number },
): string {
  const write = (cell: Cell) => (typeof cell === 'number' ? cell.toFixed(digits) : quoted(cell));
  return [header, ...rows].map((cells) => `${cells.map(write).join(',')}\r\n`).join('');
}

function quoted(text: string): string {
  const safe = formula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
