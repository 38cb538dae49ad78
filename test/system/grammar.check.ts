import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { faultsOf, mySqlParser } from '../support/database/mysql-grammar.ts';
import { statementsDir } from '../support/rig/template-schema.ts';
import { isTried } from '../support/run/sizes.ts';

const { part, parts } = inject('simulation');

/**
 * Gives parameters one name and shortens lists of values and of rows, so that statements of one shape are parsed once:
 * parsing takes most of the time.
 */
const shapeOf = (statement: string) =>
  statement
    .replace(/(?<![\w':]):[a-z]\w*/gi, ':p')
    .replace(/\(\s*:p(\s*,\s*:p)*\s*\)/g, '(:p)')
    .replace(/\(:p\)(\s*,\s*\(:p\))+/g, '(:p)');

/** Runs after all other tests, on the statements that they executed (docs/adr/0002). */
describe('SQL', () => {
  it('is valid MySQL 8 in every statement that the tests executed', async () => {
    const files = await readdir(statementsDir);
    const lists = await Promise.all(files.map((file) => readFile(join(statementsDir, file), 'utf8')));
    const statements = new Set(lists.flatMap((list) => JSON.parse(list) as string[]).map(shapeOf));
    expect(statements.size).toBeGreaterThan(50);
    const mine = [...statements]
      .sort()
      .filter((_, index) => index % parts === part && isTried(Math.floor(index / parts), part, 6));
    expect(faultsOf(await mySqlParser(), mine)).toEqual([]);
  });

  it.each([
    ['INSERT … RETURNING', 'INSERT INTO clients (id) VALUES (1) RETURNING id'],
    ['ADD COLUMN IF NOT EXISTS', 'ALTER TABLE clients ADD COLUMN IF NOT EXISTS x INT'],
  ])('is rejected with MariaDB’s %s', async (_name, statement) => {
    expect(faultsOf(await mySqlParser(), [statement])).toHaveLength(1);
  });
});
