import type { ValueTable } from './value-table.ts';

/** Value tables, within so many bytes: those go first that were asked for the longest ago. */
export class TableCache {
  readonly #mostBytes: number;
  /** In the order in which they were last asked for. */
  readonly #tables = new Map<string, ValueTable>();
  #bytes = 0;
  #built = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many it has had made since it began: what they cost is the time to make them. */
  get built(): number {
    return this.#built;
  }

  get(key: string, make: () => ValueTable): ValueTable {
    const known = this.#tables.get(key);
    const table = known ?? make();
    if (known) this.#tables.delete(key);
    else {
      this.#bytes += table.bytes;
      this.#built += 1;
    }
    this.#tables.set(key, table);
    for (const [oldest, { bytes }] of this.#tables) {
      if (this.#bytes <= this.#mostBytes) break;
      this.#tables.delete(oldest);
      this.#bytes -= bytes;
    }
    return table;
  }
}
