import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { routes } from '../../functions/routes.ts';
import { errorStatus } from '../../functions/shared/errors.ts';
import type { Route } from '../../functions/shared/route.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const headings = [...read('docs/protocol.md').matchAll(/^#{2,3} (.+)$/gm)].map(([, heading]) => heading!);
/** What a citation may name: `7`, `7.3`, `A4`. */
const places = new Set(headings.map((heading) => heading.split(' ')[0]!.replace(/\.$/, '')));

/** All handwritten files that may cite, except this one: it names what must not be cited. */
const files = ['*.{ts,md}', '{bin,lib,functions,local,test,build,bench,cost,docs}/**/*.{ts,sql,md}']
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  .filter((file) => join(root, file) !== import.meta.filename)
  .toSorted();

/** `protocol 7.3`, `protocol A4`, or several at once, `protocol 9.1, A7 and X2`; a comment may wrap between them. */
const citation =
  /\bprotocol[\s*/-]+((?:[A-Z]\d+|\d+(?:\.\d+)?)\b(?:(?:,| and|, and)[\s*/-]+(?:[A-Z]\d+|\d+\.\d+)\b)*)/gi;
const citedIn = (text: string) =>
  [...text.matchAll(citation)].flatMap((match) =>
    match[1]!.match(/[A-Z]\d+|\d+(?:\.\d+)?/g)!.map((place) => ({ place, line: lineOf(text, match.index) })),
  );

const absent = [
  /\bcontract (?:\d|[A-Z]\d)[\w.]*/gi,
  /\b(?:architecture|style|evaluation|packages|house)\.md\b/gi,
  /\btest-plan\b/gi,
];

const lineOf = (text: string, index: number) => text.slice(0, index).split('\n').length;

describe('docs/protocol.md', () => {
  it('has a heading for each endpoint of the route table, and for no other', () => {
    const described = headings.filter((heading) => /^[A-Z]\d+ /.test(heading));
    const declared = Object.values(routes)
      .flatMap((table) => Object.values<Route>(table))
      .filter(({ id }) => id !== '-')
      .map(({ id, method, path }) => `${id} ${method} ${path}`);
    expect(described.toSorted()).toEqual(declared.toSorted());
  });

  it('lists every error code with its status', () => {
    const [, listed] = /### 1\.6 Errors\n(.*?)\n### /s.exec(read('docs/protocol.md'))!;
    const seen: Record<string, number> = {};
    let status = 0;
    for (const [, number, code] of listed!.matchAll(/\b([45]\d\d)\b|`([a-z_]+)`/g))
      if (number) status = Number(number);
      else if (code! in errorStatus) seen[code!] ??= status;
    expect(seen).toEqual(errorStatus);
  });

  it('gives no two headings the same number', () => {
    expect(headings).toHaveLength(places.size);
  });

  it('has a heading for every place that is cited', () => {
    expect(files).toContain('docs/protocol.md');
    const cited = files.flatMap((file) => citedIn(read(file)).map((found) => ({ file, ...found })));
    expect(cited).not.toEqual([]); // a search that finds no citation would always pass
    const dangling = cited.filter(({ place }) => !places.has(place));
    expect(dangling.map(({ file, line, place }) => `${file}:${line}: protocol ${place}`)).toEqual([]);
  });

  it.each([
    ['protocol 7.3', ['7.3']],
    ['protocol A4.', ['A4']],
    ['(protocol A5, X2)', ['A5', 'X2']],
    ['Protocol 2 and\n * A7', ['2', 'A7']],
    ['protocol A4, 15 times', ['A4']],
    ['the protocol of 3 agents', []],
  ])('finds the citations in %j', (text, expected) => {
    expect(citedIn(text).map(({ place }) => place)).toEqual(expected);
  });
});

it('no file cites a document that is not in the repository', () => {
  const found = files.flatMap((file) => {
    const text = read(file);
    return absent
      .flatMap((pattern) => [...text.matchAll(pattern)])
      .map((match) => `${file}:${lineOf(text, match.index)}: ${match[0]}`);
  });
  expect(found).toEqual([]);
});
