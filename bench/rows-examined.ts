import type { Connection } from 'mariadb';

/** Counts the rows that the server reads from one schema's tables, whoever reads them. */
export interface RowsExamined {
  /** Rows read since the last call, by table; tables without reads are left out. */
  read(): Promise<Readonly<Record<string, number>>>;
}

interface Row {
  readonly name: string;
  readonly reads: number;
}

/** @param connection of a user that may set global variables, to switch statistics on in MariaDB */
export async function rowsExamined(connection: Connection, schema: string): Promise<RowsExamined> {
  const [{ version }] = await connection.query('SELECT VERSION() AS version');
  const isMariaDb = String(version).includes('MariaDB');
  if (isMariaDb) await connection.query('SET GLOBAL userstat = 1');
  const statement = isMariaDb
    ? 'SELECT table_name AS name, rows_read AS `reads` FROM information_schema.table_statistics WHERE table_schema = ?'
    : 'SELECT object_name AS name, count_fetch AS `reads` FROM performance_schema.table_io_waits_summary_by_table WHERE object_schema = ?';
  const totals = async () => {
    const rows: Row[] = await connection.query(statement, [schema]);
    return new Map(rows.map(({ name, reads }) => [name, Number(reads)]));
  };
  let before = await totals();
  return {
    async read() {
      const now = await totals();
      const read = [...now].map(([name, reads]) => [name, reads - (before.get(name) ?? 0)] as const);
      before = now;
      return Object.fromEntries(read.filter(([, reads]) => reads > 0));
    },
  };
}

export const sumOf = (rows: Readonly<Record<string, number>>) => Object.values(rows).reduce((sum, n) => sum + n, 0);
