/** A label, a value and a note. */
export type Row = readonly (string | number)[];

/** A title and its rows in aligned columns: labels to the left, values to the right, notes as they are. */
export function section(title: string, rows: readonly Row[]): string {
  const width = (column: number) => Math.max(...rows.map((row) => String(row[column] ?? '').length));
  const [first, second] = [width(0), width(1)];
  const lines = rows.map(([label = '', value = '', note = '']) =>
    `  ${String(label).padEnd(first)}  ${String(value).padStart(second)}  ${note}`.trimEnd(),
  );
  return [title, ...lines].join('\n');
}
