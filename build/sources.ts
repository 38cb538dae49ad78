import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** The project's sources and their imports, for the checks of `npm run check`. */

export interface Import {
  readonly from: string;
  readonly to: string;
  readonly isPackage: boolean;
  readonly isType: boolean;
}

export const root = dirname(import.meta.dirname);

export const sources = globSync('{bin,lib,functions,layers,local,evaluation,rehearsal,cost,test,build,bench}/**/*.ts', {
  cwd: root,
});
// A checker that finds no files would find nothing wrong.
if (sources.length === 0) throw new Error(`No sources under ${root}`);

export const read = (file: string) => readFileSync(join(root, file), 'utf8');

/**
 * Every import of a file, found in its text: `import … from 'x'`, `export … from 'x'`, `import 'x'` and `import('x')`.
 * The formatter guarantees that statements start their line and that quotes are single. (The usual tools need
 * TypeScript's JavaScript API, which TypeScript 7 does not have.)
 */
export function importsOf(file: string): Import[] {
  const statement = /^(?:import|export)\s+(?:(type)\s+)?(?:[\w*\s{},$]+?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm;
  return [...read(file).matchAll(statement)].map(([, type, named, dynamic]) => {
    const specifier = named ?? dynamic!;
    const isPackage = !specifier.startsWith('.');
    const to = isPackage ? packageOf(specifier) : normalize(join(dirname(file), specifier));
    return { from: file, to, isPackage, isType: type !== undefined };
  });
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
