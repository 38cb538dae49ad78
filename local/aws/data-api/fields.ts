import type { FieldInfo } from 'mariadb';
import { DataApiError } from './errors.ts';
import type { Limits } from './limits.ts';

export interface ResultSetOptions {
  /** DECIMAL as text (the default), or as a long where there are no decimals and else a double. */
  decimalReturnType?: 'STRING' | 'DOUBLE_OR_LONG';
  /** Integers as numbers (the default), or as text: JSON parsers round beyond 2^53. */
  longReturnType?: 'LONG' | 'STRING';
}

/** How the driver is asked to hand over values; the encoders below expect exactly these. */
export const resultOptions = {
  rowsAsArray: true,
  metaAsArray: true,
  dateStrings: true,
  autoJsonMap: false,
  jsonStrings: true,
  bitOneIsBoolean: true,
  checkDuplicate: false,
};

/** Flags of a column on the wire. */
const notNull = 1;
const unsigned = 32;
const binarySorted = 128;
const enumeration = 256;
const autoIncrement = 512;
const set = 2048;

const binaryCollation = 63;

/** A column's type: its name in MySQL, its number in JDBC, its precision in digits where it has a fixed one. */
interface ColumnType {
  name: string;
  jdbc: number;
  precision?: number;
}

const numericTypes: Record<string, ColumnType> = {
  TINY: { name: 'TINYINT', jdbc: -6, precision: 3 },
  SHORT: { name: 'SMALLINT', jdbc: 5, precision: 5 },
  INT24: { name: 'MEDIUMINT', jdbc: 4, precision: 7 },
  INT: { name: 'INT', jdbc: 4, precision: 10 },
  BIGINT: { name: 'BIGINT', jdbc: -5, precision: 19 },
  FLOAT: { name: 'FLOAT', jdbc: 7, precision: 12 },
  DOUBLE: { name: 'DOUBLE', jdbc: 8, precision: 22 },
};

const otherTypes: Record<string, ColumnType> = {
  BIT: { name: 'BIT', jdbc: -7 },
  DATE: { name: 'DATE', jdbc: 91 },
  NEWDATE: { name: 'DATE', jdbc: 91 },
  TIME: { name: 'TIME', jdbc: 92 },
  DATETIME: { name: 'DATETIME', jdbc: 93 },
  TIMESTAMP: { name: 'TIMESTAMP', jdbc: 93 },
  YEAR: { name: 'YEAR', jdbc: 91 },
  JSON: { name: 'JSON', jdbc: -1 },
  GEOMETRY: { name: 'GEOMETRY', jdbc: -2 },
  NULL: { name: 'NULL', jdbc: 0 },
};

/** Text and blob columns of all four sizes come as one type; the length tells them apart, in bytes of up to 4 a character. */
const blobSizes: [upTo: number, prefix: string][] = [
  [0xff, 'TINY'],
  [0xffff, ''],
  [0xffffff, 'MEDIUM'],
  [Number.POSITIVE_INFINITY, 'LONG'],
];

function columnType(column: FieldInfo): ColumnType {
  // TINYINT(1) is MySQL's BOOLEAN, and JDBC's drivers report it as BIT. So is BIT(1).
  if (isBoolean(column)) return { name: 'BIT', jdbc: -7, precision: 1 };
  const numeric = numericTypes[column.type];
  if (numeric) return { ...numeric, name: numeric.name + (column.signed() ? '' : ' UNSIGNED') };
  if (isDecimal(column)) {
    const precision = column.columnLength - (column.signed() ? 1 : 0) - (column.scale > 0 ? 1 : 0);
    return { name: column.signed() ? 'DECIMAL' : 'DECIMAL UNSIGNED', jdbc: 3, precision };
  }
  return (isJson(column) ? otherTypes.JSON : otherTypes[column.type]) ?? textType(column);
}

function textType(column: FieldInfo): ColumnType {
  const binary = isBinary(column);
  const { flags } = column as { flags: number };
  if (flags & enumeration) return { name: 'ENUM', jdbc: 1 };
  if (flags & set) return { name: 'SET', jdbc: 1 };
  if (column.type.endsWith('BLOB')) {
    const size = blobSizes.find(([upTo]) => column.columnLength <= upTo * column.collation.maxLength)![1];
    return binary ? { name: `${size}BLOB`, jdbc: -4 } : { name: `${size}TEXT`, jdbc: -1 };
  }
  if (column.type === 'STRING') return binary ? { name: 'BINARY', jdbc: -2 } : { name: 'CHAR', jdbc: 1 };
  return binary ? { name: 'VARBINARY', jdbc: -3 } : { name: 'VARCHAR', jdbc: 12 };
}

const isBoolean = (column: FieldInfo) =>
  column.columnLength === 1 && (column.type === 'BIT' || (column.type === 'TINY' && column.signed()));
const isDecimal = (column: FieldInfo) => column.type === 'DECIMAL' || (column.type as string) === 'NEWDECIMAL';
/** MariaDB keeps JSON as LONGTEXT and says so in a note of its own. */
const isJson = (column: FieldInfo) => column.type === 'JSON' || column.isDataTypeFormatJson();
const isBinary = (column: FieldInfo) => column.collation.index === binaryCollation;

/** The 14 members of ColumnMetadata. `name` is the table's column, `label` what the statement calls it. */
export function columnMetadata(column: FieldInfo) {
  const type = columnType(column);
  const flags = column.flags as number;
  const isText = !type.precision && !isBinary(column);
  return {
    name: column.orgName() || column.name(),
    label: column.name(),
    type: type.jdbc,
    typeName: type.name,
    schemaName: '',
    tableName: column.orgTable(),
    isAutoIncrement: (flags & autoIncrement) !== 0,
    isSigned: type.precision !== undefined && (flags & unsigned) === 0,
    isCurrency: false,
    // Of its sorting, no more than this is on the wire; the collation there is the connection's.
    isCaseSensitive: isText && (flags & binarySorted) !== 0,
    nullable: flags & notNull ? 0 : 1,
    precision: type.precision ?? Math.floor(column.columnLength / (isText ? column.collation.maxLength : 1)),
    scale: isDecimal(column) ? column.scale : 0,
    arrayBaseColumnType: 0,
  };
}

/** How one column's values are written: the member of Field, and the value as JSON. Never called with null. */
interface Encoder {
  member: 'booleanValue' | 'longValue' | 'doubleValue' | 'stringValue' | 'blobValue';
  write: (value: never) => string;
}

const asNumber = (value: number) => String(value);
const asText = (value: unknown) => JSON.stringify(String(value));
const asBase64 = (value: Buffer) => `"${value.toString('base64')}"`;

const largestLong = 2n ** 63n - 1n;

/** As JSON text, so that a BIGINT beyond 2^53 arrives exactly as it left the database. */
function asLong(value: number | bigint): string {
  if (value > largestLong)
    throw new DataApiError('UnsupportedResultException', `${value} does not fit into a longValue`);
  return String(value);
}

function encoder(column: FieldInfo, options: ResultSetOptions): Encoder {
  if (isBoolean(column)) return { member: 'booleanValue', write: (value: unknown) => String(Boolean(value)) };
  if (isDecimal(column)) return decimalEncoder(column, options);
  if (isJson(column)) return { member: 'stringValue', write: asText };
  switch (column.type) {
    case 'TINY':
    case 'SHORT':
    case 'INT24':
    case 'INT':
    case 'BIGINT':
    case 'YEAR':
      return options.longReturnType === 'STRING'
        ? { member: 'stringValue', write: asText }
        : { member: 'longValue', write: asLong };
    case 'FLOAT':
    case 'DOUBLE':
      return { member: 'doubleValue', write: asNumber };
    case 'GEOMETRY':
      throw new DataApiError(
        'UnsupportedResultException',
        `The result contains the unsupported data type ${column.type}`,
      );
    case 'BIT':
      return { member: 'blobValue', write: asBase64 };
    case 'DATE':
    case 'TIME':
    case 'DATETIME':
    case 'TIMESTAMP':
      return { member: 'stringValue', write: asText };
    default:
      return isBinary(column) && column.type !== 'NULL'
        ? { member: 'blobValue', write: asBase64 }
        : { member: 'stringValue', write: asText };
  }
}

function decimalEncoder(column: FieldInfo, options: ResultSetOptions): Encoder {
  if (options.decimalReturnType !== 'DOUBLE_OR_LONG') return { member: 'stringValue', write: asText };
  return column.scale === 0
    ? { member: 'longValue', write: (value: string) => asLong(BigInt(value)) }
    : { member: 'doubleValue', write: (value: string) => asNumber(Number(value)) };
}

/**
 * Rows as the JSON text of `records`: [[Field, …], …].
 * @throws DataApiError when a row or the whole is larger than allowed
 */
export function encodeRecords(
  rows: unknown[][],
  columns: FieldInfo[],
  options: ResultSetOptions,
  limits: Limits,
): string {
  const encoders = columns.map((column) => encoder(column, options));
  const field = (value: unknown, i: number) =>
    value === null ? '{"isNull":true}' : `{"${encoders[i]!.member}":${encoders[i]!.write(value as never)}}`;
  return joined(
    rows.map((row) => `[${row.map(field).join(',')}]`),
    limits,
  );
}

/** Rows as the JSON text that `formattedRecords` holds: [{label: value, …}, …]. */
export function formatRecords(
  rows: unknown[][],
  columns: FieldInfo[],
  options: ResultSetOptions,
  limits: Limits,
): string {
  const encoders = columns.map((column) => encoder(column, options));
  const keys = columns.map((column) => JSON.stringify(column.name()));
  const member = (value: unknown, i: number) =>
    `${keys[i]}:${value === null ? 'null' : encoders[i]!.write(value as never)}`;
  return joined(
    rows.map((row) => `{${row.map(member).join(',')}}`),
    limits,
  );
}

/** Sizes are those of what is sent: whether AWS counts more strictly than by the values themselves is not documented. */
function joined(rows: string[], { rowBytes, resultBytes }: Limits): string {
  if (rows.some((row) => Buffer.byteLength(row) > rowBytes)) throw tooLarge('row');
  const all = `[${rows.join(',')}]`;
  if (Buffer.byteLength(all) > resultBytes) throw tooLarge('response');
  return all;
}

const tooLarge = (what: string) =>
  new DataApiError('DatabaseErrorException', `Database returned more than the allowed ${what} size limit`);
