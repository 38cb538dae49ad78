/**
 * `npm run schemathesis`: fuzzes the control plane of `npm run serve` with Schemathesis, from its OpenAPI document.
 * Arguments after `--` go to Schemathesis. pip installs it into `.local/schemathesis`; without Python, nothing runs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pythonPrograms } from '../../build/python-programs.ts';

const version = '4.32.5';
const directory = '.local/schemathesis';
const data = join(directory, 'data');

/**
 * A single worker: with several, Python before 3.11.8 and 3.12.2 occasionally raises `SystemError: AST constructor
 * recursion depth mismatch` in Hypothesis, each time at another operation, and the run fails (python/cpython#106905).
 */
const workers = '1';

/** Excluded checks: requests for a path or method that we do not have are routed by the gateway, not by our code. */
const excluded = ['unsupported_method', 'allow_header_conformance'];

/** @returns the process and its address, once the control plane is up */
async function serve(): Promise<{ server: ChildProcess; url: string }> {
  const server = spawn(process.execPath, ['local/serve.ts', '--port', '0', '--data-dir', data, '--fresh'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, POWERTOOLS_LOG_LEVEL: 'ERROR', RATE_LIMITS: 'off' },
  });
  for await (const line of createInterface(server.stdout!)) {
    const url = /is up at (\S+),/.exec(line)?.[1];
    if (url) return { server, url };
  }
  throw new Error('the control plane did not start');
}

async function newTenant(url: string, adminToken: string, name: string): Promise<{ id: string; token: string }> {
  const response = await fetch(`${url}/api/admin/clients/create`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  return ((await response.json()) as { client: { id: string; token: string } }).client;
}

async function main(args: readonly string[]): Promise<void> {
  let program: string;
  try {
    const packages = [`schemathesis==${version}`];
    const programs = ['schemathesis'];
    const path = await pythonPrograms({ directory: join(directory, 'venv'), packages, programs, say: console.error });
    program = path('schemathesis');
  } catch (error) {
    console.log(`schemathesis: skipped, as it cannot be installed with python3 and pip: ${(error as Error).message}`);
    return;
  }
  const { server, url } = await serve();
  try {
    const adminToken = (await readFile(join(data, 'admin-token'), 'utf8')).trim();
    const tenant = await newTenant(url, adminToken, 'Schemathesis');
    const spare = await newTenant(url, adminToken, 'Spare');
    const world = {
      SPOT_ADMIN_TOKEN: adminToken,
      SPOT_TENANT_TOKEN: tenant.token,
      SPOT_TENANT_ID: tenant.id,
      SPOT_SPARE_ID: spare.id,
    };
    const options = ['--checks', 'all', '--exclude-checks', excluded.join(','), '--workers', workers, ...args];
    const run = spawn(
      program,
      ['--config-file', 'test/schemathesis/schemathesis.toml', 'run', `${url}/openapi.json`, ...options],
      {
        stdio: 'inherit',
        env: { ...process.env, ...world, SCHEMATHESIS_HOOKS: 'test/schemathesis/hooks.py' },
      },
    );
    process.exitCode = await new Promise<number>((resolve) => run.on('exit', (code) => resolve(code ?? 1)));
  } finally {
    server.kill('SIGINT');
  }
}

await main(process.argv.slice(2));
