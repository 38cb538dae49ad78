/**
 * Keeps docs/openapi.json in step with the route tables.
 *
 *     npm run openapi                    writes it
 *     node build/openapi.ts --check      fails when it is not what would be written
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openApiDocument } from './openapi-document.ts';

const file = join(import.meta.dirname, '../docs/openapi.json');
const text = `${JSON.stringify(openApiDocument(), null, 2)}\n`;

if (!process.argv.includes('--check')) {
  await writeFile(file, text);
} else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
  console.error('docs/openapi.json is not what the route tables say. Run `npm run openapi` and commit the result.');
  process.exit(1);
}
