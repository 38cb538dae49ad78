import type { FieldInfo } from 'mariadb';
import { isBinary, isBoolean, isDecimal, isJson } from './column-types.ts';
import { DataApiError } from './errors.ts';
import type { Limits } from './limits.ts';

export interface ResultSetOptions {
  /** DECIMAL as text (the default), or as a long if it has no decimals and a double otherwise. */
  decimalReturnType?: 'STRING' | 'DOUBLE_OR_LONG';
  /** Integers as numbers (the default), or as text: JSON parsers round beyond 2^53. */
  longReturnType?: 'LONG' | 'STRING';
}

/** Driver options that determine how values arrive; the encoders below expect exactly these. */
export const resultOptions = {
  rowsAsArray: true,
  metaAsArray: true,
  dateStrings: true,
  autoJsonMap: false,
  jsonStrings: true,
  bitOneIsBoolean: true,
  checkDuplicate: false,
};

/** How one column's values are written: the member of Field, and the value as JSON. Never called with null. */
interface Encoder {
  member: 'booleanValue' | 'longValue' | 'doubleValue' | 'stringValue' | 'blobValue';
  write: (value: never) => string;
}

const asNumber = (value: number) => String(value);
const asText = (value: unknown) => JSON.stringify(String(value));
const asBase64 = (value: Buffer) => `"${value.toString('base64')}"`;

const largestLong = 2n ** 63n - 1n;

/** JSON text, so that a BIGINT beyond 2^53 stays exact. */
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
 * @throws DataApiError when a row or the whole result is larger than allowed
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

/** Measures the JSON as sent. AWS does not document whether it counts more than the values themselves. */
function joined(rows: string[], { rowBytes, resultBytes }: Limits): string {
  if (rows.some((row) => Buffer.byteLength(row) > rowBytes)) throw tooLarge('row');
  const all = `[${rows.join(',')}]`;
  if (Buffer.byteLength(all) > resultBytes) throw tooLarge('response');
  return all;
}

const tooLarge = (what: string) =>
  new DataApiError('DatabaseErrorException', `Database returned more than the allowed ${what} size limit`);
