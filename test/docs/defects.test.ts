import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const rows = read('docs/defects.md')
  .split('\n')
  .flatMap((line) => {
    const [, number, , tests] = /^\| (\d+) \| (.+) \| (.+) \|$/.exec(line) ?? [];
    return number ? [{ number, files: [...tests!.matchAll(/`(.+?)`/g)].map(([, file]) => file!) }] : [];
  });

describe('the defects of the previous system', () => {
  it('are numbered without gaps', () => {
    expect(rows.map(({ number }) => Number(number))).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
  });

  it.each(rows)('number $number has a test named after it in each file listed for it', ({ number, files }) => {
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(read(file), file).toMatch(new RegExp(`defect ${number}\\b`));
  });
});
