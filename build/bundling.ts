import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { functionNames } from '../functions/lambdas.ts';
import { writeDocsFiles } from './docs-files.ts';

const root = dirname(import.meta.dirname);

/** The AWS SDK's clients import their package.json for its version: the rest, 2 KB of each, is left out. */
const versionOnly: Plugin = {
  name: 'version-only',
  setup({ onLoad }) {
    onLoad({ filter: /@aws-sdk\/client-[^/]+\/package\.json$/ }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

/**
 * Zod's schemas bring the code that describes them as JSON Schema, 16 KB in each function. Only `build/openapi.ts` needs
 * it, which is not bundled; here each of its functions throws.
 */
const noJsonSchema: Plugin = {
  name: 'no-json-schema',
  setup({ onLoad }) {
    onLoad({ filter: /zod\/v4\/core\/(to-json-schema|json-schema-processors)\.js$/ }, async ({ path }) => {
      const names = Object.keys(await import(path));
      return {
        contents: `const absent = () => { throw new Error('A bundled function cannot describe a schema'); };
export { ${names.map((name) => `absent as ${name}`).join(', ')} };`,
      };
    });
  },
};

/** How every function is bundled. */
export const bundleOptions = {
  absWorkingDir: root,
  // Native code: it comes from a layer in AWS, and from node_modules locally (build/onnx-layer.ts).
  external: ['onnxruntime-node'],
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  // Node loads a CommonJS bundle 5 to 20 ms faster than the same one as a module.
  format: 'cjs',
  // Prefer a package's ES modules: esbuild cannot tree-shake CommonJS.
  mainFields: ['module', 'main'],
  alias: { '@aws-sdk/credential-provider-node': './build/credentials.ts' },
  // CommonJS has no `import.meta`, by which the migrations find their SQL.
  define: { 'import.meta.dirname': '__dirname' },
  sourcemap: 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [versionOnly, noJsonSchema],
} satisfies BuildOptions;

/** Functions that run uploaded models, in a child process whose program is bundled beside theirs. */
const withModels = ['decision', 'jobs', 'model'];

/**
 * Bundles functions: `functions/<name>/handler.ts` and everything it imports becomes `<directory>/<name>/index.js`.
 * @throws when one cannot be bundled; esbuild has printed why
 */
export async function bundleInto(
  directory: string,
  { names = functionNames, plugins = [] }: { names?: readonly string[]; plugins?: Plugin[] } = {},
): Promise<void> {
  await build({
    entryPoints: [
      ...names.map((name) => ({ in: `functions/${name}/handler.ts`, out: `${name}/index` })),
      ...names
        .filter((name) => withModels.includes(name))
        .map((name) => ({ in: 'functions/core/decision/model/model-child.ts', out: `${name}/model-child` })),
    ],
    ...bundleOptions,
    outdir: directory,
    plugins: [...bundleOptions.plugins, ...plugins],
  });
  // The project's package.json makes `.js` files ES modules; these are CommonJS.
  await writeFile(join(directory, 'package.json'), '{ "type": "commonjs" }\n');
  // Removed first, so that a renamed migration does not run under both names.
  const sql = join(directory, 'migrate/sql');
  await rm(sql, { recursive: true, force: true });
  await cp(join(root, 'functions/migrate/sql'), sql, { recursive: true });
  await writeDocsFiles(join(directory, 'docs/files'));
}

/**
 * Bundles the program of the threads in which functions run on one machine, as `<directory>/lambda-thread.js`: threads
 * that strip types at once can crash their process (docs/adr/0084).
 * @throws when it cannot be bundled; esbuild has printed why
 */
export async function bundleThread(directory: string): Promise<void> {
  await build({ entryPoints: ['local/aws/lambda-thread.ts'], ...bundleOptions, outdir: directory });
}
