import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { csvOf } from '../../../functions/shared/csv.ts';
import fc from '../../support/fast-check.ts';

const cell = (text: string) => csvOf(['h'], [[text]], { digits: 2 }).slice('h\r\n'.length, -'\r\n'.length);

describe('a CSV file', () => {
  it.each([
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '=HYPERLINK("http://x","y")',
  ])('has no formula in it if a text is %j', (text) => {
    expect(cell(text).replace(/^"/, '')).toMatch(/^'/);
  });

  it('writes numbers with the digits of its file, negative ones as they are', () => {
    expect(csvOf(['a', 'b'], [[1.005, -2]], { digits: 2 })).toBe('a,b\r\n1.00,-2.00\r\n');
  });

  it('is read back as it was written, whatever texts it has', () => {
    const texts = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string()), { minLength: 1 });
    fc.assert(
      fc.property(texts, (rows) => {
        const read: string[][] = parse(csvOf(['a', 'b'], rows, { digits: 2 }), { record_delimiter: '\r\n' });
        const expected = rows.map((row) => row.map((text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text)));
        expect(read.slice(1)).toEqual(expected);
      }),
    );
  });
});
