import { renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';

interface Parser {
  validate(
    sql: string,
  ): readonly { readonly message: string; readonly startLine: number; readonly startColumn: number }[];
}

/**
 * A parser of the MySQL 8 grammar. The tests run on MariaDB, whose own dialect passes there but not on Aurora; a
 * genuine MySQL runs only some of them, and not everywhere (docs/adr/0016). The parser's package does not load in Node
 * as published, so it is bundled first; another process may be reading the bundle, so it is replaced atomically.
 */
export async function mySqlParser(): Promise<Parser> {
  const outfile = join(process.cwd(), '.local/mysql-parser.cjs');
  const inTheMaking = `${outfile}.${process.pid}`;
  await build({
    stdin: { contents: `export { MySQL } from 'dt-sql-parser';`, resolveDir: process.cwd() },
    outfile: inTheMaking,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  renameSync(inTheMaking, outfile);
  const { MySQL } = createRequire(import.meta.url)(outfile) as { MySQL: new () => Parser };
  return new MySQL();
}

/** Replaces the Data API's named parameters by a value, which the grammar accepts. */
export const withoutParameters = (sql: string) => sql.replace(/(?<![\w':]):[a-z]\w*/gi, '1');

/** @returns what is wrong with each statement that is not MySQL, with the statement */
export function faultsOf(parser: Parser, statements: Iterable<string>): string[] {
  const faults: string[] = [];
  for (const statement of statements) {
    const [fault] = parser.validate(withoutParameters(statement));
    if (fault) faults.push(`${fault.message} at ${fault.startLine}:${fault.startColumn}\n${statement}`);
  }
  return faults;
}
