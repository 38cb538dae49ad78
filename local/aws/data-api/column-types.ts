import type { FieldInfo } from 'mariadb';

/** Column flags of the MySQL wire protocol. */
const notNull = 1;
const unsigned = 32;
const binarySorted = 128;
const enumeration = 256;
const autoIncrement = 512;
const set = 2048;

const binaryCollation = 63;

/** A column's type: its MySQL name, its JDBC number, and its precision in digits where that is fixed. */
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

/** The four sizes of TEXT and BLOB share one wire type and differ in byte length, up to 4 bytes a character. */
const blobSizes: [upTo: number, prefix: string][] = [
  [0xff, 'TINY'],
  [0xffff, ''],
  [0xffffff, 'MEDIUM'],
  [Number.POSITIVE_INFINITY, 'LONG'],
];

function columnType(column: FieldInfo): ColumnType {
  // TINYINT(1) is MySQL's BOOLEAN. JDBC drivers report it as BIT, like BIT(1).
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

export const isBoolean = (column: FieldInfo) =>
  column.columnLength === 1 && (column.type === 'BIT' || (column.type === 'TINY' && column.signed()));
export const isDecimal = (column: FieldInfo) => column.type === 'DECIMAL' || (column.type as string) === 'NEWDECIMAL';
/** MariaDB stores JSON as LONGTEXT and marks it with metadata of its own. */
export const isJson = (column: FieldInfo) => column.type === 'JSON' || column.isDataTypeFormatJson();
export const isBinary = (column: FieldInfo) => column.collation.index === binaryCollation;

/** The 14 members of ColumnMetadata. `name` is the table's column name, `label` the name in the statement. */
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
    // This flag is all that the wire says about the column's collation: the one sent there is the connection's.
    isCaseSensitive: isText && (flags & binarySorted) !== 0,
    nullable: flags & notNull ? 0 : 1,
    precision: type.precision ?? Math.floor(column.columnLength / (isText ? column.collation.maxLength : 1)),
    scale: isDecimal(column) ? column.scale : 0,
    arrayBaseColumnType: 0,
  };
}
