import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

/** What to send, how often at once and for how long. */
export interface Load {
  readonly url: string;
  readonly token: string;
  readonly route: 'health' | 'heartbeat' | 'pending-commands' | 'pricing-report';
  readonly parallel: number;
  readonly seconds: number;
}

/** Times in milliseconds. */
export interface Measured {
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly callsPerRequest: number;
  readonly failed: number;
}

interface Answer {
  readonly status: number;
  readonly calls: number;
  readonly body: string;
}

const load = workerData as Load;
const agent = new Agent({ keepAlive: true, maxSockets: load.parallel });
const zones = 'abcdefghij'.split('').map((letter) => `us-east-1${letter}`);

function send(method: string, path: string, body?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${load.token}`, 'content-type': 'application/json' };
    const call = request(`${load.url}${path}`, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, calls: Number(response.headers['x-data-api-calls']), body: text }),
      );
    });
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function register(n: number) {
  const instanceId = `i-${load.route}-${load.parallel}-${n}`;
  const machine = { instance_id: instanceId, instance_type: 'm5.large', region: 'us-east-1', az: zones[0] };
  const { body } = await send('POST', '/api/agents/register', {
    ...machine,
    logical_agent_id: instanceId,
    mode: 'spot',
  });
  return { machine, handle: (JSON.parse(body) as { agent_id: string }).agent_id };
}

type Machine = Awaited<ReturnType<typeof register>>;

/** The `i`-th request of a machine. Price reports lie five minutes apart, as agents send them, so each has news. */
function requestOf({ machine, handle }: Machine, i: number): Promise<Answer> {
  const path = `/api/agents/${handle}`;
  if (load.route === 'health') return send('GET', '/health');
  if (load.route === 'pending-commands') return send('GET', `${path}/pending-commands`);
  if (load.route === 'heartbeat')
    return send('POST', `${path}/heartbeat`, { status: 'online', monitored_instances: [], ...machine, mode: 'spot' });
  return send('POST', `${path}/pricing-report`, {
    instance: { ...machine, mode: 'spot', pool_id: `m5.large.${zones[0]}` },
    pricing: {
      on_demand_price: 0.096,
      current_spot_price: 0.03,
      cheapest_pool: null,
      spot_pools: zones.map((az, n) => ({
        pool_id: `m5.large.${az}`,
        instance_type: 'm5.large',
        az,
        price: 0.03 + n / 1000,
      })),
      collected_at: new Date(Date.UTC(2000 + load.parallel, 0, 1) + i * 300_000).toISOString(),
    },
  });
}

async function run(): Promise<Measured> {
  const machines: Machine[] = [];
  for (let n = 0; n < load.parallel; n += 1) machines.push(await register(n));
  for (const [n, machine] of machines.entries()) await requestOf(machine, n === 0 ? 0 : 1); // not measured: code warms up
  const times: number[] = [];
  let calls = 0;
  let failed = 0;
  const started = performance.now();
  const until = started + load.seconds * 1000;
  await Promise.all(
    machines.map(async (machine) => {
      for (let i = 2; performance.now() < until; i += 1) {
        const before = performance.now();
        const answer = await requestOf(machine, i);
        times.push(performance.now() - before);
        calls += answer.calls;
        if (answer.status !== 200) failed += 1;
      }
    }),
  );
  const elapsed = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  return {
    requestsPerSecond: times.length / elapsed,
    p50: at(0.5),
    p99: at(0.99),
    callsPerRequest: calls / times.length,
    failed,
  };
}

parentPort!.postMessage(await run());
agent.destroy();
