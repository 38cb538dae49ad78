/**
 * Bundles the Lambdas: `functions/<name>/handler.ts` and everything it imports becomes `dist/<name>/index.js`. Tests,
 * `npm start` and the deployment all use these same bundles.
 *
 *     npm run build                     bundles, and prints the size and load time of each
 *     node build/bundle.ts --quiet      bundles, and prints only problems
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { functionNames as names } from '../functions/lambdas.ts';
import { bundleInto, bundleThread } from './bundling.ts';
import { initTimes } from './init-time.ts';
import { makeOnnxLayer } from './onnx-layer.ts';

/**
 * A handler with its libraries is 500 to 600 KB and loads in about 50 ms; Kysely and the AWS clients are two thirds of
 * that, Powertools' Metrics 13 KB. Much more means that something large got in unnoticed (`import { z }` from zod alone
 * adds 350 KB), and every cold start would pay for it.
 */
const limitKB = 610;

/**
 * Bundles that may be larger. EC2's client describes all of EC2's operations in one table of 540 KB that cannot be
 * split, so only the reconciler carries it; nobody waits for its cold start. Nor does anyone wait for the model's
 * Lambda (S3's client), for those that send notifications (SNS's and KMS's clients), or for the jobs, which contain all
 * policies and sign S3 URLs. `admin` has the most routes, and KMS's client; people call it a few times a day. `client`
 * has the second most routes.
 */
const ownLimitsKB: Readonly<Record<string, number>> = {
  reconciler: 1235,
  model: 735,
  webhook: 665,
  delivery: 665,
  admin: 635,
  client: 625,
  jobs: 635,
};

const root = dirname(import.meta.dirname);
const dist = join(root, 'dist');
const bundleOf = (name: string) => join(dist, name, 'index.js');
const quiet = process.argv.includes('--quiet');

async function weigh(name: string) {
  const code = await readFile(bundleOf(name));
  return { name, KB: kilobytes(code), 'gzip KB': kilobytes(gzipSync(code)) };
}

const kilobytes = (data: Buffer) => Math.ceil(data.length / 1000);

await Promise.all([bundleInto(dist), bundleThread(dist)]).catch(() => process.exit(1)); // esbuild has printed the errors
await makeOnnxLayer(root, join(dist, 'onnx-layer'));
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
