import { DataApiError } from './errors.ts';

/** A value as the Data API writes it: exactly one member is set. */
export interface Field {
  isNull?: boolean;
  booleanValue?: boolean;
  /** A bigint where the request's number is beyond 2^53. */
  longValue?: number | bigint;
  doubleValue?: number;
  stringValue?: string;
  /** Base64. */
  blobValue?: string;
  arrayValue?: unknown;
}

export interface SqlParameter {
  name?: string;
  value?: Field;
  typeHint?: string;
}

/** SQL cut at its `:names`: texts[0] names[0] texts[1] … names[n-1] texts[n]. */
export interface ParsedSql {
  texts: string[];
  names: string[];
  /** False when it may leave something behind in the session: SET, USE, user variables, locks, temporary tables. */
  leavesSessionClean: boolean;
}

/** What may hold a colon or a semicolon without meaning one, then the two themselves. */
const tokens = new RegExp(
  [
    /'[^'\\]*(?:\\[\s\S][^'\\]*)*'/, // '' inside a string reads as two strings, which is as good
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

/**
 * The SQL with each `:name` replaced by a literal of the parameter's own type: a long stays a number (`LIMIT '5'` is a
 * syntax error), a double is no DECIMAL.
 * @throws DataApiError BadRequestException when names and parameters do not match, or a value is not of its type
 */
export function bind({ texts, names }: ParsedSql, parameters: SqlParameter[] = []): string {
  const literals = new Map<string, string>();
  for (const parameter of parameters) {
    const { name } = parameter;
    if (!name) throw invalid('A parameter has no name');
    if (literals.has(name)) throw invalid(`Duplicate parameter: ${name}`);
    if (!names.includes(name)) throw invalid(`Parameter ${name} is not in the SQL statement`);
    literals.set(name, literal(name, parameter));
  }
  let sql = texts[0]!;
  names.forEach((name, i) => {
    const value = literals.get(name);
    if (value === undefined) throw invalid(`Cannot find parameter: ${name}`);
    sql += value + texts[i + 1]!;
  });
  return sql;
}

function literal(name: string, { value, typeHint }: SqlParameter): string {
  const members = Object.entries(value ?? {}).filter(([, content]) => content !== undefined && content !== null);
  if (members.length !== 1) throw invalid(`Parameter ${name} must have exactly one value`);
  const [member, content] = members[0]!;
  if (typeHint !== undefined && member !== 'isNull') return hinted(name, typeHint, content);
  const write = literals[member as keyof typeof literals];
  if (!write) throw invalid(`Parameter ${name} has the unsupported type ${member}`);
  const written = write(content);
  if (written === undefined) throw invalid(`Parameter ${name} is not a valid ${member}`);
  return written;
}

/** Each undefined when the value is not of that type. */
const literals = {
  isNull: (value: unknown) => (value === true ? 'NULL' : undefined),
  booleanValue: (value: unknown) => (typeof value === 'boolean' ? (value ? 'TRUE' : 'FALSE') : undefined),
  longValue: (value: unknown) => (isLong(value) ? String(BigInt(value)) : undefined),
  doubleValue: (value: unknown) => (isDouble(value) ? double(Number(value)) : undefined),
  stringValue: (value: unknown) => (typeof value === 'string' ? quoted(value) : undefined),
  blobValue: (value: unknown) =>
    typeof value === 'string' ? `_binary x'${Buffer.from(value, 'base64').toString('hex')}'` : undefined,
};

/** Hints make a string another type. The formats are the service's own; ISO 8601 with `T` or `Z` is none of them. */
const hints: Record<string, { format: RegExp; write: (value: string) => string }> = {
  DATE: { format: /^\d{4}-\d\d-\d\d$/, write: (value) => `DATE'${value}'` },
  TIME: { format: /^-?\d{2,3}:\d\d:\d\d(\.\d{1,6})?$/, write: (value) => `TIME'${value}'` },
  TIMESTAMP: { format: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$/, write: (value) => `TIMESTAMP'${value}'` },
  DECIMAL: { format: /^[+-]?(\d+\.?\d*|\.\d+)$/, write: (value) => value },
  UUID: { format: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, write: quoted },
  JSON: { format: /^/, write: quoted },
};

function hinted(name: string, typeHint: string, value: unknown): string {
  const hint = hints[typeHint];
  if (!hint) throw invalid(`Parameter ${name} has the unknown type hint ${typeHint}`);
  if (typeof value !== 'string' || !hint.format.test(value))
    throw invalid(`Parameter ${name} is not a valid ${typeHint}: ${String(value)}`);
  return hint.write(value);
}

const isLong = (value: unknown): value is number | bigint =>
  typeof value === 'bigint'
    ? BigInt.asIntN(64, value) === value
    : Number.isInteger(value) && isLong(BigInt(value as number));

const isDouble = (value: unknown) => typeof value === 'bigint' || Number.isFinite(value);

/** With an exponent, as `1.5` would be a DECIMAL. */
function double(value: number): string {
  const text = String(value);
  return text.includes('e') ? text : `${text}e0`;
}

const escapes: Record<string, string> = { '\0': '\\0', "'": "\\'", '\\': '\\\\' };

function quoted(text: string): string {
  return `'${text.replace(/[\0'\\]/g, (character) => escapes[character]!)}'`;
}

const invalid = (message: string) => new DataApiError('BadRequestException', message);
