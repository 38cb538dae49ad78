import { read, sources } from './sources.ts';

/** Which room owns which table, and which statement writes what, read from the sources under functions/. */

/** A writing statement, as found in the source. */
export interface Write {
  readonly file: string;
  readonly line: number;
  readonly tables: readonly string[];
  /** The tables in its comment's line "Sets columns of: …", if it has one. */
  readonly declared: readonly string[] | undefined;
}

const names = (list: string) => list.match(/[a-z_]+/g) ?? [];

/** The room of a file: a folder of functions/core such as `functions/core/agent`, or another folder of functions/. */
export const roomOf = (file: string) => /^functions\/(?:core\/)?[\w-]+(?=\/)/.exec(file)?.[0] ?? file;

/** The owner of each table, from the line "Owns the tables: …" that one comment in each room has. */
export function ownersOfTables(): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const file of sources.filter((source) => source.startsWith('functions/'))) {
    for (const [, list] of read(file).matchAll(/^ \* Owns the tables?: ([a-z_, ]+)\.$/gm)) {
      for (const table of names(list!)) {
        const other = owners.get(table);
        if (other) throw new Error(`${table} has two owners: ${other} and ${roomOf(file)}`);
        owners.set(table, roomOf(file));
      }
    }
  }
  return owners;
}

export const writes = (): Write[] =>
  sources.filter((file) => file.startsWith('functions/') && !file.startsWith('functions/migrate/')).flatMap(writesIn);

/** Replaces each `byPrimaryKey` call with the table it names, as SQL would. */
const withTableNames = (source: string) =>
  source.replaceAll(/\$\{byPrimaryKey\('(\w+)'(?:, '(\w+)')?\)\}/g, (_, table: string, alias?: string) =>
    alias ? `${table} AS ${alias}` : table,
  );

function writesIn(file: string): Write[] {
  const source = withTableNames(read(file));
  const built = /\.(?:insertInto|updateTable|deleteFrom|replaceInto)\('(\w+)'\)/g;
  const raw = /(?<=\bsql(?:<[^`]*>)?`\s*)(?:INSERT INTO|DELETE FROM|REPLACE INTO|UPDATE) (\w+)[^`]*`/g;
  return [
    ...[...source.matchAll(built)].map((match) => ({ match, tables: [snake(match[1]!)] })),
    ...[...source.matchAll(raw)].map((match) => ({ match, tables: writtenBy(match[0], match[1]!) })),
  ].map(({ match, tables }) => ({
    file,
    line: source.slice(0, match.index).split('\n').length,
    tables,
    declared: declarationBefore(source.slice(0, match.index)),
  }));
}

const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A joined UPDATE writes the tables whose alias it sets, or all joined tables if a fragment supplies its SET list. */
function writtenBy(statement: string, first: string): string[] {
  const [, update, list] = /^(UPDATE [\s\S]*?)\bSET\b([\s\S]*?)(?:\bWHERE\b|$)/.exec(statement) ?? [];
  if (!update || !list) return [first];
  const aliases = [...update.matchAll(/\b([a-z_]+) AS (\w+)/g)].map(([, table, alias]) => ({
    table: table!,
    alias: alias!,
  }));
  if (aliases.length === 0) return [first];
  const isComposed = /^\s*\$\{/.test(list);
  return aliases
    .filter(({ alias }) => isComposed || new RegExp(`(^|,)\\s*${alias}\\.\\w+ =`).test(list))
    .map(({ table }) => table);
}

/** The declaration in the last comment above a statement: the comment of its function. */
function declarationBefore(text: string): string[] | undefined {
  const comment = text.lastIndexOf('/**');
  const [, list] = /\* Sets columns of: ([a-z_, ]+)\./.exec(text.slice(comment)) ?? [];
  return list === undefined ? undefined : names(list);
}
