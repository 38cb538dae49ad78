import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { Tools } from './tools.ts';

export const region = 'us-east-1';
export const account = '000000000000';

/** AWS on this machine: CloudFormation and the services that the stack uses, on loopback. */
export interface Emulator {
  readonly url: string;
  /** Makes the SDK and CDK call the emulator and not AWS. */
  readonly environment: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/**
 * Starts the emulator. Functions run as processes of the project's own Node.
 * @param dataApiUrl of our own Data API endpoint: the emulator's does not support MySQL
 */
export async function startEmulator(tools: Tools, dataApiUrl: string, logFile: string): Promise<Emulator> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: region };
  const log = await open(logFile, 'w');
  const child = spawn(tools.emulator, [], {
    stdio: ['ignore', log.fd, log.fd],
    env: {
      ...process.env,
      ...credentials,
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      NODE_PATH: tools.modules,
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: '0',
      LAMBDA_EXECUTOR: 'local',
      STATE_DIR: join(dirname(logFile), 'state'),
      AWS_ENDPOINT_URL_RDS_DATA: dataApiUrl,
    },
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await answers(`${url}/_localstack/health`, child, logFile);
  return {
    url,
    environment: { ...process.env, ...credentials, AWS_DEFAULT_REGION: region, AWS_ENDPOINT_URL: url },
    stop: async () => {
      child.kill();
      await ended;
      await log.close();
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function answers(url: string, child: ChildProcess, logFile: string): Promise<void> {
  for (let tries = 0; tries < 120; tries += 1) {
    if (child.exitCode !== null) throw new Error(`the emulator ended; ${logFile} says why`);
    const isUp = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  child.kill();
  throw new Error(`the emulator did not answer within 30 s; see ${logFile}`);
}
