import { DataApiError } from './errors.ts';

/** SQL split at its `:names`: texts[0] names[0] texts[1] … names[n-1] texts[n]. */
export interface ParsedSql {
  texts: string[];
  names: string[];
  /** False if the statement may leave session state behind: SET, USE, user variables, locks, temporary tables. */
  leavesSessionClean: boolean;
}

/** First the tokens inside which a colon or semicolon means nothing, then the two themselves. */
const tokens = new RegExp(
  [
    /'[^'\\]*(?:\\[\s\S][^'\\]*)*'/, // '' inside a string matches as two strings, which works just as well
    /"[^"\\]*(?:\\[\s\S][^"\\]*)*"/,
    /`[^`]*`/,
    /#.*/,
    /--(?:[\s].*|$)/,
    /\/\*[\s\S]*?\*\//,
    /:(?<name>\w+)/,
    /(?<end>;)/,
  ]
    .map((token) => token.source)
    .join('|'),
  'g',
);
const blankOrComment = /^(?:\s|;|#.*|--(?:\s.*|$)|\/\*[\s\S]*?\*\/)*$/;
const cleanStatement = /^[\s(]*(?:select|insert|replace|update|delete|with)\b/i;
const sessionState = /@|\bget_lock\b|\bsql_calc_found_rows\b/i;

const cache = new Map<string, ParsedSql>();
const cacheSize = 1000;

/**
 * Finds the named parameters.
 * @throws DataApiError BadRequestException for more than one statement
 */
export function parseSql(sql: string): ParsedSql {
  const known = cache.get(sql);
  if (known) return known;
  const parsed = split(sql);
  if (cache.size >= cacheSize) cache.clear();
  cache.set(sql, parsed);
  return parsed;
}

function split(sql: string): ParsedSql {
  const texts: string[] = [];
  const names: string[] = [];
  let from = 0;
  for (const match of sql.matchAll(tokens)) {
    const { name, end } = match.groups!;
    if (end && !blankOrComment.test(sql.slice(match.index)))
      throw new DataApiError('BadRequestException', "Multistatements aren't supported");
    if (!name) continue;
    texts.push(sql.slice(from, match.index));
    names.push(name);
    from = match.index + match[0].length;
  }
  texts.push(sql.slice(from));
  return { texts, names, leavesSessionClean: cleanStatement.test(sql) && !sessionState.test(sql) };
}
