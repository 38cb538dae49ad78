import { read, sources } from './sources.ts';

/** Who owns which table, and which statement writes what: read off the comments and statements under functions/. */

/** A statement that writes, by what is written of it in the source. */
export interface Write {
  readonly file: string;
  readonly line: number;
  readonly tables: readonly string[];
  /** The tables of its comment's line "Sets columns of: …", if it has one. */
  readonly declared: readonly string[] | undefined;
}

const names = (list: string) => list.match(/[a-z_]+/g) ?? [];

/** The room that a file is in: `functions/core/agent`, or the folder beside core. */
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

/** A table that `byPrimaryKey` names, as SQL would name it. */
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

/** An UPDATE of joined tables writes those whose alias it sets; where a fragment makes its SET list, all that it joins. */
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

/** The declaration in the comment of the function that a statement is in, which ends above it. */
function declarationBefore(text: string): string[] | undefined {
  const comment = text.lastIndexOf('/**');
  const [, list] = /\* Sets columns of: ([a-z_, ]+)\./.exec(text.slice(comment)) ?? [];
  return list === undefined ? undefined : names(list);
}
