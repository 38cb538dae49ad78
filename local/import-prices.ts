/**
 * `npm run import-prices -- FILE`: sends an EC2 price history to the control plane. See `npm run import-prices --
 * --help`.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemClock } from './clock.ts';
import { commandHelp, failCommand, flag, option, readCommandLine, text, UsageError } from './command-line.ts';
import { startControlPlane } from './control-plane.ts';
import { PricesError } from './market/market.ts';
import type { PriceEvent } from './market/price-events.ts';
import { readPriceRows } from './market/price-files.ts';
import { zoneOfId } from './market/zone-ids.ts';

const options = {
  url: option(
    'url URL',
    text,
    'of a control plane that runs; without it the one of --data-dir is started for the import',
  ),
  tokenFile: option('token-file FILE', text, 'its admin token (default: admin-token in --data-dir)'),
  dataDir: option('data-dir DIR', text, 'database and keys', '.local'),
  product: option('product NAME', text, 'which prices count', 'Linux/UNIX'),
  help: flag('help', 'show this text'),
};

const purpose =
  'Imports a price history: the output of aws ec2 describe-spot-price-history, as JSON or CSV, gzipped or not. Every tenant may rely on ' +
  'these prices. The same file again changes nothing.';

const help = commandHelp('npm run import-prices -- FILE [options]', purpose, { Options: options });

/** Rows per request: E3 accepts 2,000. */
const atOnce = 2000;

interface Target {
  readonly url: string;
  readonly token: string;
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return console.log(help);
  const { values, rest } = fileOf(args);
  const rows = readPriceRows(rest);
  const wanted = rows.filter(({ product }) => product === values.product);
  if (wanted.length === 0)
    throw new PricesError(
      `${rest} has no prices of ${values.product}; it has those of ${[...new Set(rows.map(({ product }) => product))].join(', ')}`,
    );
  if (wanted.length < rows.length) console.log(`${rows.length - wanted.length} rows of other products are left out.`);
  const tokenFile = values.tokenFile ?? resolve(values.dataDir, 'admin-token');
  if (values.url) return send({ url: values.url, token: readFileSync(tokenFile, 'utf8').trim() }, wanted);
  const plane = await startControlPlane({ port: 0, dataDir: values.dataDir, clock: systemClock });
  try {
    await send({ url: plane.url, token: plane.adminToken }, wanted);
  } finally {
    await plane.stop();
  }
}

function fileOf(args: readonly string[]) {
  const [file, ...others] = args;
  if (file === undefined || file.startsWith('--'))
    throw new UsageError(`expected the file of a price history first; saw ${file ?? 'nothing'}`);
  return { rest: file, values: readCommandLine(options, others).values };
}

/** Sends the rows, with progress, and reports the result. */
async function send({ url, token }: Target, rows: readonly PriceEvent[]): Promise<void> {
  const ids = rows.filter(({ az }) => zoneOfId(az) !== undefined);
  if (ids.length > 0)
    console.log(
      `${ids.length} rows name zones by their ids, such as ${ids[0]!.az}, taken for ${zoneOfId(ids[0]!.az)}: ids are the same in every account and ` +
        'names are not, so check the mapping of yours (aws ec2 describe-availability-zones).',
    );
  // Prices of one bucket must be sent together, because the last of them counts.
  const sorted = rows.toSorted((a, b) => a.time - b.time);
  const began = performance.now();
  const sums = { kept: 0, left_out: 0 };
  for (let from = 0; from < sorted.length; from += atOnce) {
    const prices = sorted.slice(from, from + atOnce).map(({ instanceType, az, price, time }) => ({
      instance_type: instanceType,
      az: zoneOfId(az) ?? az,
      price,
      at: new Date(time).toISOString(),
    }));
    const answer = await post({ url, token }, { prices });
    sums.kept += answer.buckets;
    sums.left_out += answer.left_out;
    console.log(`${Math.min(from + atOnce, sorted.length)} of ${sorted.length} rows`);
  }
  const seconds = (performance.now() - began) / 1000;
  const pools = new Set(rows.map(({ instanceType, az }) => `${instanceType}.${az}`)).size;
  console.log(
    `Imported ${sorted.length} rows of ${pools} pools: ${sums.kept} prices kept, ${sums.left_out} rows left out; ` +
      `${Math.round(sorted.length / seconds)} rows/s.`,
  );
}

async function post({ url, token }: Target, body: object): Promise<{ buckets: number; left_out: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(`${url}/api/admin/prices`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { error?: string; buckets: number; left_out: number };
    if (response.ok) return answer;
    // The database is waking up, or we send faster than is allowed; what was sent is safe to send again.
    if (![429, 503].includes(response.status) || attempt === 5)
      throw new PricesError(`${response.status}: ${answer.error}`);
    const seconds = Number(response.headers.get('retry-after') ?? 5);
    await new Promise((later) => setTimeout(later, seconds * 1000));
  }
}

main(process.argv.slice(2)).catch((error) => failCommand('npm run import-prices', error, { troubles: [PricesError] }));
