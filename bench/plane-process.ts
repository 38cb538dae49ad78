/** The child process that `plane.ts` starts. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PlaneOptions, Started } from './plane.ts';

const { checkout, ...options } = JSON.parse(process.argv[2]!) as PlaneOptions;
const load = (file: string) => import(pathToFileURL(join(checkout, 'local', file)).href);
const { startControlPlane } = (await load('control-plane.ts')) as typeof import('../local/control-plane.ts');
const { systemClock } = (await load('clock.ts')) as typeof import('../local/clock.ts');

// All load comes from one tenant, and exceeds what its plan allows.
const environment = { RATE_LIMITS: 'off' };
const usual = { port: 0, clock: systemClock, authorizerTtlSeconds: 3600, environment };
const controlPlane = await startControlPlane({ ...options, ...usual });
const created = await fetch(`${controlPlane.url}/api/admin/clients/create`, {
  method: 'POST',
  headers: { authorization: `Bearer ${controlPlane.adminToken}` },
  body: JSON.stringify({ name: 'Bench', max_agents: 1_000_000, max_instances: 1_000_000 }),
});
const { client } = (await created.json()) as { client: { token: string } };
const started: Started = { url: controlPlane.url, token: client.token };
process.send!(started);

process.on('message', async (message: 'rss' | 'stop') => {
  if (message === 'rss') return process.send!({ rssMB: process.memoryUsage.rss() / 1e6 });
  await controlPlane.stop();
  process.disconnect();
});
