/**
 * How fast the three requests are that agents send all day, with the whole way measured: HTTP, gateway, bundle, SDK, Data
 * API endpoint, MariaDB. Absolute times say as much of the machine as of the code, so each is also given as a ratio to
 * `GET /health` (one statement that reads nothing), measured in turn with it in the same run.
 *
 *     npm run bench [-- --seconds 3]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../local/clock.ts';
import { startControlPlane } from '../local/control-plane.ts';
import type { Load, Measured } from './load.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '3' } } });
const seconds = Number(values.seconds);
if (!(seconds > 0 && seconds <= 60)) {
  console.error(`--seconds ${values.seconds}: a number from above 0 to 60`);
  process.exit(2);
}

const dataDir = await mkdtemp(join(tmpdir(), 'spot-bench-'));
const controlPlane = await startControlPlane({
  port: 0,
  dataDir,
  clock: systemClock,
  fresh: true,
  authorizerTtlSeconds: 3600,
});
try {
  const token = await tenantToken();
  console.log('requests one after another (1) and from 16 agents at once (16); ratio: p50 to that of GET /health\n');
  const rows: Record<string, unknown>[] = [];
  for (const parallel of [1, 16]) {
    let health: Measured | undefined;
    for (const route of ['health', 'heartbeat', 'pending-commands', 'pricing-report'] as const) {
      const measured = await measure({ url: controlPlane.url, token, route, parallel, seconds });
      health ??= measured;
      rows.push({
        request: route,
        parallel,
        'requests/s': Math.round(measured.requestsPerSecond),
        'p50 ms': measured.p50.toFixed(2),
        'p99 ms': measured.p99.toFixed(2),
        ratio: (measured.p50 / health.p50).toFixed(2),
        'Data API calls': measured.callsPerRequest.toFixed(2),
        failed: measured.failed,
      });
    }
  }
  console.table(rows);
} finally {
  await controlPlane.stop();
  await rm(dataDir, { recursive: true, force: true });
}

async function tenantToken(): Promise<string> {
  const response = await fetch(`${controlPlane.url}/api/admin/clients/create`, {
    method: 'POST',
    headers: { authorization: `Bearer ${controlPlane.adminToken}` },
    body: JSON.stringify({ name: 'Bench' }),
  });
  const { client } = (await response.json()) as { client: { token: string } };
  return client.token;
}

/** The load comes from a thread of its own, so that it does not take its turns from what it measures. */
function measure(load: Load): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./load.ts', import.meta.url), { workerData: load });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
