/**
 * Checks that the sources follow build/import-rules.ts, that Lambdas import only packages in package.json's
 * "dependencies", and that there are no import cycles, not even of types: files that need each other belong together.
 */
import manifest from '../package.json' with { type: 'json' };
import { type Rule, rules } from './import-rules.ts';
import { type Import, importsOf, sources } from './sources.ts';

const imports = new Map(sources.map((file) => [file, importsOf(file)]));
const found = [...[...imports.values()].flat().flatMap(violations), ...cycles()];

for (const line of found) console.error(line);
if (found.length > 0) process.exit(1);
console.log(`${rules.length} import rules hold in ${sources.length} files, and there is no cycle.`);

function violations(one: Import): string[] {
  const broken = rules.filter((rule) => breaks(rule, one)).map((rule) => rule.because);
  if (isUndeclared(one)) broken.push('a bundle holds only what package.json lists under "dependencies"');
  return broken.map((because) => `${one.from} imports ${one.to}: ${because}`);
}

function breaks({ files, never, only, typesAreFree }: Rule, { from, to, isType }: Import): boolean {
  const match = files.exec(from);
  if (!match || (typesAreFree && isType)) return false;
  const forbidden = typeof never === 'function' ? never(match) : never;
  return Boolean(forbidden?.test(to) || (only && !only.test(to)));
}

function isUndeclared({ from, to, isPackage, isType }: Import): boolean {
  if (!from.startsWith('functions/') || !isPackage || isType || to.startsWith('node:')) return false;
  return !(to in manifest.dependencies);
}

/** Each cycle, as a path that ends where it began. */
function cycles(): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) {
      found.push(`import cycle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
    } else if (!done.has(file)) {
      for (const { to } of imports.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    }
  };
  for (const file of imports.keys()) visit(file, []);
  return found;
}
