/**
 * Holds the sources to build/import-rules.ts, to the packages that package.json declares for Lambda, and to having no
 * import cycle. (The usual tools for this read TypeScript through its JavaScript API, which TypeScript 7 does not have.)
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { type Rule, rules } from './import-rules.ts';

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isPackage: boolean;
  readonly isType: boolean;
}

const root = dirname(import.meta.dirname);
const files = globSync('{bin,lib,functions,local,test,build,bench}/**/*.ts', { cwd: root });
const imports = new Map(files.map((file) => [file, importsOf(file)]));
const found = [...[...imports.values()].flat().flatMap(violations), ...cycles()];

for (const line of found) console.error(line);
// A checker that sees nothing finds nothing wrong.
if (imports.size === 0) throw new Error(`No sources under ${root}`);
if (found.length > 0) process.exit(1);

/**
 * Every import of a file, by what is written: `import … from 'x'`, `export … from 'x'`, `import 'x'` and `import('x')`.
 * The formatter sees to it that a statement starts its line and that quotes are single.
 */
function importsOf(file: string): Import[] {
  const source = readFileSync(join(root, file), 'utf8');
  const statement = /^(?:import|export)\s+(?:(type)\s+)?(?:[\w*\s{},$]+?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm;
  return [...source.matchAll(statement)].map(([, type, named, dynamic]) => {
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

function violations(one: Import): string[] {
  const broken = rules.filter((rule) => breaks(rule, one)).map((rule) => rule.because);
  if (isUndeclared(one)) broken.push('a bundle holds only what package.json lists under "dependencies"');
  return broken.map((because) => `${one.from} imports ${one.to}: ${because}`);
}

function breaks({ files, never, only, typesAreFree }: Rule, { from, to, isType }: Import): boolean {
  if (!files.test(from) || (typesAreFree && isType)) return false;
  return Boolean(never?.test(to) || (only && !only.test(to)));
}

function isUndeclared({ from, to, isPackage, isType }: Import): boolean {
  if (!from.startsWith('functions/') || !isPackage || isType || to.startsWith('node:')) return false;
  return !(to in manifest.dependencies);
}

/** Each cycle of what is loaded at run time, as the path that leads back to its first file. */
function cycles(): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) {
      found.push(`import cycle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
    } else if (!done.has(file)) {
      for (const { to, isType } of imports.get(file) ?? []) if (!isType) visit(to, [...path, file]);
      done.add(file);
    }
  };
  for (const file of imports.keys()) visit(file, []);
  return found;
}
