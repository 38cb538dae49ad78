/**
 * Makes what Lambda runs: `functions/<name>/handler.ts` and everything it imports becomes `dist/<name>/index.js`. Tests,
 * `npm start` and the deployment all use these same bundles.
 *
 *     npm run build                     bundles, and prints what each one weighs and how long it takes to load
 *     node build/bundle.ts --quiet      bundles, and prints only what is wrong
 */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { routes } from '../functions/routes.ts';
import { initTime } from './init-time.ts';

/**
 * A handler with all of its libraries is some 500 KB, of which Kysely and the AWS clients are two thirds, and loads in
 * about 50 ms. Much more means that something large came in unnoticed (`import { z }` from zod alone adds 350 KB), and
 * every cold start would pay for it.
 */
const limitKB = 600;

/** One Lambda for each domain of the route table, and those that no route leads to. */
const names = [...Object.keys(routes), 'authorizer', 'jobs', 'migrate', 'spot-events'];

const root = dirname(import.meta.dirname);
const bundleOf = (name: string) => join(root, 'dist', name, 'index.js');
const quiet = process.argv.includes('--quiet');

async function bundle() {
  await build({
    absWorkingDir: root,
    entryPoints: names.map((name) => ({ in: `functions/${name}/handler.ts`, out: `${name}/index` })),
    outdir: 'dist',
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    // Node loads a CommonJS bundle 5 to 20 ms faster than the same one as a module.
    format: 'cjs',
    // A package's ES modules come first: from CommonJS, esbuild cannot leave out what is not used.
    mainFields: ['module', 'main'],
    alias: { '@aws-sdk/credential-provider-node': './build/credentials.ts' },
    // CommonJS has no `import.meta`; the migrations find their SQL by it.
    define: { 'import.meta.dirname': '__dirname' },
    sourcemap: 'linked',
    legalComments: 'none',
    logLevel: 'warning',
  });
  // package.json says that our `.js` files are modules; these are not.
  await writeFile(join(root, 'dist/package.json'), '{ "type": "commonjs" }\n');
  // Removed first, so that a migration which was renamed does not run under both names.
  const sql = join(root, 'dist/migrate/sql');
  await rm(sql, { recursive: true, force: true });
  await cp(join(root, 'functions/migrate/sql'), sql, { recursive: true });
}

async function weigh(name: string) {
  const code = await readFile(bundleOf(name));
  return { name, KB: kilobytes(code), 'gzip KB': kilobytes(gzipSync(code)) };
}

const kilobytes = (data: Buffer) => Math.ceil(data.length / 1000);

await bundle().catch(() => process.exit(1)); // esbuild has said what is wrong
const weights = await Promise.all(names.map(weigh));

if (!quiet) {
  const rows = weights.map(({ name, ...weight }) => [name, { ...weight, 'init ms': initTime(bundleOf(name)) }]);
  console.table(Object.fromEntries(rows));
}

for (const { name, KB } of weights.filter(({ KB }) => KB > limitKB)) {
  console.error(`dist/${name}/index.js is ${KB} KB; ${limitKB} KB is the most (build/bundle.ts says why).`);
  process.exitCode = 1;
}
