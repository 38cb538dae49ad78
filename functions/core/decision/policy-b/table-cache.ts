import type { ValueTable } from './value-table.ts';

/** Value tables, up to a total size in bytes. The least recently used are evicted first. */
export class TableCache {
  readonly #mostBytes: number;
  /** Least recently used first. */
  readonly #tables = new Map<string, ValueTable>();
  #bytes = 0;
  #built = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many tables it has built so far. Callers limit this, as building takes CPU time. */
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
