import { DataApiError } from './errors.ts';
import type { ParsedSql } from './named-parameters.ts';

/** A value in the Data API's format: exactly one member is set. */
export interface Field {
  isNull?: boolean;
  booleanValue?: boolean;
  /** A bigint if the number in the request is beyond 2^53. */
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

/**
 * Replaces each `:name` in the SQL with a literal of the parameter's own type: a long stays a number (`LIMIT '5'` is a
 * syntax error), and a double does not become a DECIMAL.
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

/** Each returns undefined if the value is not of that type. */
const literals = {
  isNull: (value: unknown) => (value === true ? 'NULL' : undefined),
  booleanValue: (value: unknown) => (typeof value === 'boolean' ? (value ? 'TRUE' : 'FALSE') : undefined),
  longValue: (value: unknown) => (isLong(value) ? String(BigInt(value)) : undefined),
  doubleValue: (value: unknown) => (isDouble(value) ? double(Number(value)) : undefined),
  stringValue: (value: unknown) => (typeof value === 'string' ? quoted(value) : undefined),
  blobValue: (value: unknown) =>
    typeof value === 'string' ? `_binary x'${Buffer.from(value, 'base64').toString('hex')}'` : undefined,
};

/** Hints turn a string into another type. The formats are the service's own, without ISO 8601's `T` or `Z`. */
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

/** Adds an exponent, because `1.5` would be a DECIMAL. */
function double(value: number): string {
  const text = String(value);
  return text.includes('e') ? text : `${text}e0`;
}

const escapes: Record<string, string> = { '\0': '\\0', "'": "\\'", '\\': '\\\\' };

function quoted(text: string): string {
  return `'${text.replace(/[\0'\\]/g, (character) => escapes[character]!)}'`;
}

const invalid = (message: string) => new DataApiError('BadRequestException', message);
