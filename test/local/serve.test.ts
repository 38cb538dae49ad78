import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

/** A command that the process printed, parsed as a shell would. */
interface Printed {
  readonly url: string;
  /** What follows `Bearer `, before a shell substitutes it. */
  readonly token: string;
  readonly body: string;
}

/** The process of `npm run serve`, without the build. */
function serve(...args: string[]) {
  const { host, port, user, password } = inject('database');
  const address = `mysql://${user}:${encodeURIComponent(password)}@${host}:${port}`;
  const child = spawn(process.execPath, ['local/serve.ts', ...args], {
    env: { ...process.env, SPOT_DATABASE_URL: address },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit').then(async ([code]) => ({ code, out: said.out, err: said.err }));
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said.err += text;
  });
  return { child, said, ended };
}

function printedCommands(text: string): Printed[] {
  const command =
    /curl -sS (\S+) \\\n +-H "Authorization: Bearer (.+)" \\\n +-H 'Content-Type: application\/json' \\\n +-d '(.+)'/g;
  return [...text.matchAll(command)].map(([, url, token, body]) => ({ url: url!, token: token!, body: body! }));
}

async function post({ url, body }: Printed, token: string) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body });
  return { status: answer.status, body: (await answer.json()) as { client: { token: string } } };
}

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "it's served "));
});
afterAll(() => rm(dataDir, { recursive: true }));

describe('npm run serve', () => {
  let child: ChildProcess | undefined;
  afterAll(() => child?.kill('SIGKILL'));

  it('prints commands that create a tenant and register an agent of it, and exits cleanly', async () => {
    const process = serve('--port', '0', '--data-dir', dataDir);
    child = process.child;
    await expect.poll(() => process.said.out, { timeout: 50_000 }).toMatch(/forms to try them: http.*\/docs/);

    const tokenFile = join(dataDir, 'admin-token');
    expect(process.said.out).toContain(`The admin token is in ${tokenFile}.`);
    expect((await stat(tokenFile)).mode & 0o777).toBe(0o600);

    const [create, register] = printedCommands(process.said.out) as [Printed, Printed];
    expect(create.token).toBe(`$(cat '${tokenFile.replaceAll("'", "'\\''")}')`);
    const created = await post(create, await readFile(tokenFile, 'utf8'));
    expect(created).toMatchObject({ status: 201, body: { client: { token: expect.any(String) } } });

    expect(register.token).toBe('$TOKEN');
    const registered = await post(register, created.body.client.token);
    expect(registered).toMatchObject({
      status: 200,
      body: { agent_id: expect.stringContaining('i-0123456789abcdef0') },
    });

    process.child.kill('SIGTERM');
    expect(await process.ended).toMatchObject({ code: 0, err: '' });
  });

  it('explains its options', async () => {
    expect(await serve('--help').ended).toMatchObject({ code: 0, out: expect.stringContaining('--data-dir DIR') });
  });

  it.each([
    [['--port', '70000'], '--port 70000: expected a whole number from 0 to 65535'],
    [['--prot', '1'], "Unknown option '--prot'"],
  ])('says what is wrong with %j', async (args, message) => {
    expect(await serve(...args).ended).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });

  it('says which port is in use, and exits', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, err } = await serve('--port', String(port), '--data-dir', dataDir).ended;
    taken.close();
    expect([code, err]).toEqual([1, `port ${port} is in use: end what listens on it, or choose another with --port\n`]);
  });
});
