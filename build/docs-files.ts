import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { files } from '../functions/docs/files.ts';

const root = dirname(import.meta.dirname);

/** Sources of our own files; all others come from the viewer's package. */
const ours: Readonly<Record<string, string>> = {
  'openapi.json': 'docs/openapi.json',
  'index.html': 'functions/docs/page/index.html',
  'start.js': 'functions/docs/page/start.js',
};

/** Writes the files that the Lambda `docs` serves, gzipped: API Gateway does not compress, and the viewer is 1.7 MB. */
export async function writeDocsFiles(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const name of Object.keys(files)) {
    const content = await readFile(join(root, ours[name] ?? `node_modules/swagger-ui-dist/${name}`), 'utf8');
    const small = name.endsWith('.json') ? JSON.stringify(JSON.parse(content)) : content;
    await writeFile(join(directory, `${name}.gz`), gzipSync(small, { level: 9 }));
  }
}
