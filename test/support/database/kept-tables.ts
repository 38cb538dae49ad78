import type { Connection } from 'mariadb';

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

interface Options {
  readonly schema: string;
  /** Suffix that tells copies of one schema apart. */
  readonly as: string;
  /** Tables that are not compared. */
  readonly left?: readonly string[];
}

/** A copy of all tables of a schema, to restore them from. `read` returns the current rows in a comparable form. */
export class KeptTables {
  readonly #connection: Connection;
  readonly #kept: string;
  /** The tables, each with its columns that are not generated. */
  readonly #tables: ReadonlyMap<string, string>;
  readonly #left: ReadonlySet<string>;
  /** The ids that exist in the copy. */
  #known = new Set<string>();

  private constructor(
    connection: Connection,
    kept: string,
    tables: ReadonlyMap<string, string>,
    left: readonly string[],
  ) {
    this.#connection = connection;
    this.#kept = kept;
    this.#tables = tables;
    this.#left = new Set(left);
  }

  /** @param connection must allow several statements per query */
  static async of(connection: Connection, { schema, as, left = [] }: Options): Promise<KeptTables> {
    const kept = `${schema}_${as}`;
    const columns: { t: string; c: string; extra: string }[] = await connection.query(
      `SELECT c.table_name AS t, c.column_name AS c, c.extra AS extra FROM information_schema.columns AS c
       INNER JOIN information_schema.tables AS x ON x.table_schema = c.table_schema AND x.table_name = c.table_name
       WHERE c.table_schema = ? AND x.table_type = 'BASE TABLE'`,
      [schema],
    );
    const stored = columns.filter(({ extra }) => !/GENERATED/i.test(extra));
    const tables = new Map(
      [...Map.groupBy(stored, ({ t }) => t)].map(([t, those]) => [t, those.map(({ c }) => `\`${c}\``).join(', ')]),
    );
    await connection.query(
      [`CREATE DATABASE ${kept}`, ...[...tables.keys()].map((t) => `CREATE TABLE ${kept}.${t} LIKE ${t}`)].join(';'),
    );
    return new KeptTables(connection, kept, tables, left);
  }

  /** Copies the current rows, replacing the previous copy. */
  async keep(): Promise<void> {
    await this.#copy('', `${this.#kept}.`);
    this.#known = new Set((await this.#text()).match(uuid));
  }

  /** Restores the copied rows. */
  restore = () => this.#copy(`${this.#kept}.`, '');

  /** Drops the copy. */
  drop = () => this.#connection.query(`DROP DATABASE ${this.#kept}`);

  async #copy(from: string, to: string) {
    const statements = [...this.#tables].flatMap(([table, columns]) => [
      `DELETE FROM ${to}${table}`,
      `INSERT INTO ${to}${table} (${columns}) SELECT ${columns} FROM ${from}${table}`,
    ]);
    await this.#connection.query(['START TRANSACTION', ...statements, 'COMMIT'].join(';'));
  }

  /** The rows of each table as sorted text. All ids that are newer than the copy read as `new`. */
  async read(): Promise<Readonly<Record<string, readonly string[]>>> {
    const names = [...this.#tables.keys()].filter((table) => !this.#left.has(table));
    const all: Record<string, unknown>[][] = await this.#connection.query(
      names.map((table) => `SELECT ${this.#tables.get(table)} FROM ${table}`).join(';'),
    );
    const text = (row: object) => JSON.stringify(row).replaceAll(uuid, (id) => (this.#known.has(id) ? id : 'new'));
    return Object.fromEntries(names.map((name, i) => [name, all[i]!.map(text).toSorted()]));
  }

  async #text() {
    const all: unknown = await this.#connection.query(
      [...this.#tables].map(([table, columns]) => `SELECT ${columns} FROM ${table}`).join(';'),
    );
    return JSON.stringify(all);
  }
}
