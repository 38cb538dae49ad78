/**
 * Makes what Lambda runs: `functions/<name>/handler.ts` and everything it imports becomes `dist/<name>/index.js`. Tests,
 * `npm start` and the deployment all use these same bundles.
 *
 *     npm run build                     bundles, and prints what each one weighs and how long it takes to load
 *     node build/bundle.ts --quiet      bundles, and prints only what is wrong
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { functionNames as names } from '../functions/lambdas.ts';
import { bundleInto } from './bundling.ts';
import { initTimes } from './init-time.ts';
import { makeOnnxLayer } from './onnx-layer.ts';

/**
 * A handler with all of its libraries is some 500 to 600 KB, of which Kysely and the AWS clients are two thirds and Powertools' Metrics
 * 13 KB, and loads in about 50 ms. Much more means that something large came in unnoticed (`import { z }` from zod alone adds 350 KB), and
 * every cold start would pay for it.
 */
const limitKB = 625;

/**
 * EC2's client describes every operation of EC2 in one table that cannot be taken apart, 540 KB. Nobody waits for the
 * reconciler's cold start; it is a Lambda of its own so that no other one carries that table. Nor for that of the model's Lambda,
 * which has S3's client, nor of those that send notifications, which have SNS's and KMS's. Operators' routes are the most, and have
 * KMS's client, and people call them, a few times a day; tenants' come next. Nobody
 * waits for the jobs, which decide by all policies, and sign URLs of S3.
 */
const ownLimitsKB: Readonly<Record<string, number>> = {
  reconciler: 1250,
  model: 750,
  webhook: 680,
  delivery: 680,
  admin: 650,
  client: 640,
  jobs: 640,
};

const root = dirname(import.meta.dirname);
const bundleOf = (name: string) => join(root, 'dist', name, 'index.js');
const quiet = process.argv.includes('--quiet');

async function weigh(name: string) {
  const code = await readFile(bundleOf(name));
  return { name, KB: kilobytes(code), 'gzip KB': kilobytes(gzipSync(code)) };
}

const kilobytes = (data: Buffer) => Math.ceil(data.length / 1000);

await bundleInto(join(root, 'dist')).catch(() => process.exit(1)); // esbuild has said what is wrong
await makeOnnxLayer(root, join(root, 'dist/onnx-layer'));
const weights = await Promise.all(names.map(weigh));

if (!quiet) {
  const times = initTimes(Object.fromEntries(names.map((name) => [name, bundleOf(name)])));
  const sizes = Object.fromEntries(weights.map(({ name, ...weight }) => [name, weight]));
  console.table(Object.fromEntries(Object.entries(times).map(([name, time]) => [name, { ...sizes[name], ...time }])));
}

for (const { name, KB } of weights) {
  const most = ownLimitsKB[name] ?? limitKB;
  if (KB <= most) continue;
  console.error(`dist/${name}/index.js is ${KB} KB; ${most} KB is the most (build/bundle.ts says why).`);
  process.exitCode = 1;
}
