import { CsvError, parse } from 'csv-parse/sync';
import { PricesError } from './market.ts';
import type { PriceEvent } from './price-events.ts';
import { priceOf, timeOf } from './price-fields.ts';

/** A line of the file that is not empty. */
interface Row {
  /** Counted from 1, empty lines included. */
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * Reads the CSV that `aws ec2 describe-spot-price-history` prints: a header, then its columns in any order.
 * @throws PricesError naming the line, when a column is missing or a row cannot be read
 */
export function readCsv(text: string, name: string): PriceEvent[] {
  const [first, ...rows] = rowsOf(text, name);
  const header = first!.fields.map((field) => field.toLowerCase());
  const column = (...names: string[]) => {
    const index = header.findIndex((field) => names.includes(field));
    if (index >= 0) return index;
    throw new PricesError(
      `${name}, line ${first!.line}: no column ${names.join(' or ')}; saw ${seen(first!)}. ` +
        'Expected Timestamp,InstanceType,ProductDescription,SpotPrice,AvailabilityZone in any order',
    );
  };
  const time = column('timestamp');
  const instanceType = column('instancetype');
  const product = column('productdescription');
  const price = column('spotprice');
  const az = header.includes('availabilityzone')
    ? column('availabilityzone')
    : column('availabilityzone', 'availabilityzoneid');

  return rows.map((row) => {
    const { line, fields } = row;
    const where = `${name}, line ${line}`;
    if (fields.length !== header.length)
      throw new PricesError(
        `${where}: ${fields.length} fields where the header has ${header.length}; saw ${seen(row)}`,
      );
    const text = (column: number, what: string) => {
      if (fields[column]) return fields[column];
      throw new PricesError(`${where}: ${what} is empty`);
    };
    return {
      time: timeOf(fields[time], where),
      instanceType: text(instanceType, 'InstanceType'),
      product: text(product, 'ProductDescription'),
      price: priceOf(fields[price], where),
      az: text(az, 'AvailabilityZone'),
    };
  });
}

function rowsOf(text: string, name: string): Row[] {
  try {
    const rows = parse(text, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true, // we report a wrong count ourselves, with the row
      info: true,
    }) as unknown as { record: string[]; info: { lines: number } }[]; // the types leave out what `info` adds
    return rows.map(({ record, info }) => ({ line: info.lines, fields: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new PricesError(`${name}, line ${error.lines}: ${error.message}`);
  }
}

const seen = ({ fields }: Row) => fields.join(',').slice(0, 120);
