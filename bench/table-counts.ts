import type { Connection } from 'mariadb';
import { type Bound, type Happened, tableBounds } from './table-bounds.ts';

export interface Count {
  readonly rows: number;
  /** The most rows the table may have. */
  readonly bound: number;
}

const emptied = Object.keys(tableBounds).filter((table) => 'keptDays' in tableBounds[table]!);

const keptDaysOf = (table: string): number => {
  const bound = tableBounds[table]!;
  return 'keptDays' in bound ? bound.keptDays : 0;
};

/** Counts the rows of a schema's tables day by day, with what retention should leave of the inserted rows. */
export class TableCounts {
  /** For each table with retention: rows inserted, by day. */
  readonly #entered = new Map<string, number[]>();
  readonly #connection: Connection;
  /** Ends of the counted days, ms since 1970. */
  readonly #ends: number[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async tables(): Promise<string[]> {
    const rows: { name: string }[] = await this.#connection.query(
      `SELECT table_name AS name FROM information_schema.tables
       WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name`,
    );
    return rows.map(({ name }) => name);
  }

  /**
   * Call at the end of each day, so that the day's inserted rows are counted before any of them is deleted. Also
   * recounts the day before, for rows that were inserted late with a time of that day.
   */
  async endOfDay(now: Date): Promise<void> {
    const [before, from] = [this.#ends.at(-2) ?? 0, this.#ends.at(-1) ?? 0];
    const to = now.getTime();
    for (const table of emptied) {
      const entered = this.#entered.get(table) ?? [];
      if (entered.length > 0 && keptDaysOf(table) > 2)
        entered[entered.length - 1] = await this.#enteredIn(table, before, from);
      this.#entered.set(table, [...entered, await this.#enteredIn(table, from, to)]);
    }
    this.#ends.push(to);
  }

  /** Each table's rows, and the most it may have after the last run of the deleting job. */
  async count(happened: Happened): Promise<ReadonlyMap<string, Count>> {
    const counts = new Map<string, Count>();
    for (const table of await this.tables()) {
      const bound = tableBounds[table];
      if (!bound) throw new Error(`bench/table-bounds.ts does not say how large ${table} may grow`);
      const most = 'most' in bound ? bound.most(happened) : await this.#keptOf(table, bound.stay?.(happened) ?? 0);
      counts.set(table, { rows: await this.#count(table), bound: most });
    }
    return counts;
  }

  /** Rows inserted within the retention period, plus those that may stay. */
  async #keptOf(table: string, stay: number): Promise<number> {
    // Deletion runs once a day: rows that expired since are still there, as are all those of the day of the cutoff.
    const days = Math.ceil(keptDaysOf(table)) + 2;
    const entered = (this.#entered.get(table) ?? []).slice(-days).reduce((sum, count) => sum + count, 0);
    return entered + stay + (await this.#enteredIn(table, this.#ends.at(-1) ?? 0, endOfTime));
  }

  /** @param from inclusive; `to` is exclusive, both ms since 1970 */
  #enteredIn(table: string, from: number, to: number): Promise<number> {
    const bound = tableBounds[table] as Extract<Bound, { keptDays: number }>;
    const column = bound.made ?? bound.at;
    return this.#count(`${table} WHERE ${column} >= '${textOf(from)}' AND ${column} < '${textOf(to)}'`);
  }

  async #count(from: string): Promise<number> {
    const [row] = await this.#connection.query(`SELECT COUNT(*) AS n FROM ${from}`);
    return Number(row.n);
  }
}

const endOfTime = Date.UTC(9999, 0);
const textOf = (ms: number) => new Date(ms).toISOString().slice(0, 23).replace('T', ' ');
