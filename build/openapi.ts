/**
 * Keeps docs/openapi.json and docs/openapi.d.ts, the types for clients, in sync with the route tables.
 *
 *     npm run openapi                    writes them
 *     node build/openapi.ts --check      fails if they are out of date
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openApiDocument } from './openapi-document.ts';
import { typesOf } from './openapi-types/types-of.ts';

const docs = join(import.meta.dirname, '../docs');
const document = `${JSON.stringify(openApiDocument(), null, 2)}\n`;
const texts = { 'openapi.json': document, 'openapi.d.ts': await typesOf(JSON.parse(document)) };

for (const [name, text] of Object.entries(texts)) {
  const file = join(docs, name);
  if (!process.argv.includes('--check')) {
    await writeFile(file, text);
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
    console.error(`docs/${name} is not what the route tables say. Run \`npm run openapi\` and commit the result.`);
    process.exitCode = 1;
  }
}
