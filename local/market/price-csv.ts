import { PricesError } from './market.ts';
import type { PriceEvent } from './price-events.ts';
import { priceOf, timeOf } from './price-fields.ts';

/** Reads what `aws ec2 describe-spot-price-history` gives as CSV: a header, and its columns in any order. */
export function readCsv(text: string, name: string): PriceEvent[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const header = fieldsOf(lines[0]!).map((field) => field.toLowerCase());
  const column = (...names: string[]) => {
    const index = header.findIndex((field) => names.includes(field));
    if (index >= 0) return index;
    throw new PricesError(
      `${name}, line 1: no column ${names.join(' or ')}; saw ${lines[0]!.slice(0, 120)}. ` +
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

  return lines.slice(1).flatMap((line, index) => {
    if (line.trim() === '') return [];
    const where = `${name}, line ${index + 2}`;
    const fields = fieldsOf(line);
    if (fields.length !== header.length)
      throw new PricesError(
        `${where}: ${fields.length} fields where the header has ${header.length}; saw ${line.slice(0, 120)}`,
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

/** The fields of a line; quotes around one may contain commas, and `""` stands for a quote. */
function fieldsOf(line: string): string[] {
  const fields = line.match(/(?:"(?:[^"]|"")*"|[^,])*(?:,|$)/g) ?? [];
  if (!line.endsWith(',')) fields.pop(); // the empty match at the end of the line
  return fields.map((field) => {
    const bare = field.replace(/,$/, '').trim();
    return bare.startsWith('"') ? bare.slice(1, -1).replaceAll('""', '"') : bare;
  });
}
