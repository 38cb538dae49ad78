import type { ColumnMetadata, Field, SqlParameter } from '@aws-sdk/client-rds-data';

/**
 * A value as a named parameter of the Data API. A Date becomes UTC text with milliseconds; an object or array becomes
 * JSON text. DECIMALs are passed as text, which keeps every digit. A `bigint` beyond 2^53 is also sent as text: as a
 * number the SDK would round it silently.
 * @throws TypeError for a value that no column can hold: our bug
 */
export function encode(name: string, value: unknown): SqlParameter {
  switch (typeof value) {
    case 'string':
      return { name, value: { stringValue: value.toWellFormed() } }; // some texts were cut, maybe amid a surrogate pair
    case 'boolean':
      return { name, value: { booleanValue: value } };
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`parameter ${name} is ${value}`);
      return { name, value: Number.isSafeInteger(value) ? { longValue: value } : { doubleValue: value } };
    case 'bigint': {
      const safe = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
      return { name, value: safe ? { longValue: Number(value) } : { stringValue: value.toString() } };
    }
    case 'object':
      if (value === null) return { name, value: { isNull: true } };
      if (value instanceof Date) return { name, typeHint: 'TIMESTAMP', value: { stringValue: sqlTime(value) } };
      if (value instanceof Uint8Array) return { name, value: { blobValue: value } };
      return { name, value: { stringValue: JSON.stringify(value) } };
    default:
      throw new TypeError(`parameter ${name} is ${value === undefined ? 'undefined' : `a ${typeof value}`}`);
  }
}

/** `YYYY-MM-DD HH:MM:SS.mmm`, UTC: the one form that MySQL, MariaDB and the Data API all read the same way. */
export const sqlTime = (time: Date) => time.toISOString().slice(0, 23).replace('T', ' ');

/**
 * A field of a result, by its column's type: DATETIME and TIMESTAMP become a Date (UTC), JSON is parsed, DECIMAL, DATE
 * and TIME are text, TINYINT(1) and BIT(1) boolean (as the Data API returns them), integers number.
 * @throws RangeError for an integer beyond 2^53, instead of rounding it
 */
export function decode(field: Field, column: ColumnMetadata): unknown {
  if (field.isNull) return null;
  if (field.stringValue !== undefined) {
    switch (column.typeName?.toUpperCase()) {
      case 'DATETIME':
      case 'TIMESTAMP':
        return new Date(`${field.stringValue.replace(' ', 'T')}Z`);
      case 'JSON':
        return JSON.parse(field.stringValue);
      default:
        return field.stringValue;
    }
  }
  if (field.longValue !== undefined) {
    if (!Number.isSafeInteger(field.longValue))
      throw new RangeError(`column ${column.label} holds ${field.longValue}, which a number cannot hold exactly`);
    return field.longValue;
  }
  return field.booleanValue ?? field.doubleValue ?? field.blobValue ?? null;
}
