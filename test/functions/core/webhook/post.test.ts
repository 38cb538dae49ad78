import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type PostRules, post, type Resolve } from '../../../../functions/core/webhook/post.ts';
import { type Receiver, startReceiver } from '../../../support/scenes/receiver.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function receiver(): Promise<Receiver> {
  const started = await startReceiver();
  closers.push(() => started.close());
  return started;
}

/** A raw TCP server on one of this machine's addresses; it speaks no HTTP by itself. */
async function rawServer(address: string, port: number, greet: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}); // the caller disconnects once it has had enough
    greet(socket);
  });
  server.listen(port, address);
  await once(server, 'listening'); // rejects if the port is taken
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, sockets };
}

/** Two servers on one port: one that is free on the first address may be taken by another process on the second. */
async function neighbours(first: string, second: string) {
  for (let tries = 1; ; tries += 1) {
    const one = await rawServer(first, 0, taken);
    try {
      return [one, await rawServer(second, one.port, taken)] as const;
    } catch (error) {
      if (tries === 10) throw error;
    }
  }
}

const usual = { deadlineMs: 2000, isLoopbackAllowed: true };
const send = (url: string, rules: Partial<PostRules> = {}) =>
  post({ url, headers: { 'content-type': 'application/json' }, body: '{"a":"ü"}' }, { ...usual, ...rules });

/** Returns the next of these address lists for each lookup, and the last one from then on. */
function resolver(...answers: readonly (readonly string[])[]) {
  const asked: string[] = [];
  const resolve: Resolve = async (host) => answers[asked.push(host) - 1] ?? answers.at(-1)!;
  return { asked, resolve };
}

const taken = (socket: Socket) =>
  void socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n'));

describe('a receiver', () => {
  it('is sent the body, its length in bytes, and its own name', async () => {
    const { url, received } = await receiver();
    expect(await send(url)).toEqual({ status: 204, milliseconds: expect.any(Number), error: null });
    expect(received).toMatchObject([
      { body: { a: 'ü' }, headers: { 'content-length': '10', host: new URL(url).host } },
    ]);
  });

  it.each([400, 401, 404, 410, 429, 500, 503])('that responds with %i has not accepted it', async (status) => {
    const its = await receiver();
    its.answer = (response) => response.writeHead(status).end('no');
    expect(await send(its.url)).toMatchObject({ status, error: `answered ${status}` });
  });

  it.each([301, 302, 303, 307, 308])('that redirects with %i is not followed', async (status) => {
    const [its, elsewhere] = [await receiver(), await receiver()];
    for (const location of ['http://169.254.169.254/latest/meta-data/', elsewhere.url]) {
      its.answer = (response) => response.writeHead(status, { location }).end();
      expect(await send(its.url)).toMatchObject({ status, error: `answered ${status}: redirects are not followed` });
    }
    expect(its.received).toHaveLength(2);
    expect(elsewhere.received).toHaveLength(0);
  });

  it('that refuses the connection is reported with the error code', async () => {
    const its = await startReceiver();
    await its.close();
    expect(await send(its.url)).toMatchObject({ status: null, error: 'no connection: ECONNREFUSED' });
  });

  it('that does not respond is abandoned at the deadline', async () => {
    const its = await receiver();
    its.answer = () => {};
    const outcome = await send(its.url, { deadlineMs: 100 });
    expect(outcome).toMatchObject({ status: null, error: 'no response within 0.1 s' });
    expect(outcome.milliseconds).toBeLessThan(1000);
  });

  it('that closes without a response, or sends nonsense, is reported as an error', async () => {
    for (const words of [
      '',
      'SSH-2.0-OpenSSH\r\n',
      'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    ]) {
      const { port } = await rawServer('127.0.0.1', 0, (socket) => socket.once('data', () => socket.end(words)));
      expect(await send(`http://127.0.0.1:${port}/`), words).toMatchObject({ status: null, error: expect.any(String) });
    }
  });
});

describe('a response', () => {
  it('that never ends is cut off, and its status counts', async () => {
    let sent = 0;
    const its = await receiver();
    its.answer = (response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(1000))) sent += 1000;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    const outcome = await send(its.url);
    expect(outcome).toMatchObject({ status: 200, error: null });
    expect(outcome.milliseconds).toBeLessThan(1500);
    expect(sent).toBeLessThan(20_000_000);
  });

  it('that drips is cut off at the deadline', async () => {
    const its = await receiver();
    its.answer = (response) => {
      response.writeHead(500);
      const drip = setInterval(() => response.write('x'), 10);
      response.once('close', () => clearInterval(drip));
    };
    const outcome = await send(its.url, { deadlineMs: 200 });
    expect(outcome).toMatchObject({ status: 500, error: 'answered 500' });
    expect(outcome.milliseconds).toBeLessThan(1000);
  });

  it('whose headers drip, or that sends 100 Continue for ever, is cut off at the deadline', async () => {
    for (const drop of ['x', 'HTTP/1.1 100 Continue\r\n\r\n']) {
      const { port } = await rawServer('127.0.0.1', 0, (socket) => {
        socket.write(drop === 'x' ? 'HTTP/1.1 200 OK\r\nx-a: ' : drop);
        const drip = setInterval(() => socket.write(drop), 10);
        socket.once('close', () => clearInterval(drip));
      });
      const outcome = await send(`http://127.0.0.1:${port}/`, { deadlineMs: 200 });
      expect(outcome).toMatchObject({ status: null, error: 'no response within 0.2 s' });
      expect(outcome.milliseconds).toBeLessThan(1000);
    }
  });

  it('with giant headers is refused', async () => {
    const { port } = await rawServer('127.0.0.1', 0, (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nx-large: ${'x'.repeat(100_000)}\r\n\r\n`);
    });
    expect(await send(`http://127.0.0.1:${port}/`)).toMatchObject({
      status: null,
      error: 'the response headers are too large',
    });
  });
});

describe('a host name', () => {
  // 127.0.0.2 stands for the Internet; 127.0.0.1 must not be reached.
  const admits = (address: string) => address === '127.0.0.2';

  it('that resolves differently a second time gains nothing: the address that was checked is called', async () => {
    const [outside, inside] = await neighbours('127.0.0.2', '127.0.0.1');
    const { asked, resolve } = resolver(['127.0.0.2'], ['127.0.0.1']);
    const outcome = await send(`http://rebinding.test:${outside.port}/`, { admits, resolve });
    expect(outcome).toMatchObject({ status: 204, error: null });
    expect(asked).toEqual(['rebinding.test']);
    expect(outside.sockets.size).toBe(1);
    expect(inside.sockets.size).toBe(0);
  });

  it('is refused when one of its addresses is not public, and no connection is made', async () => {
    const [outside, inside] = await neighbours('127.0.0.2', '127.0.0.1');
    for (const addresses of [['127.0.0.1'], ['127.0.0.2', '127.0.0.1'], ['127.0.0.1', '127.0.0.2']])
      expect(
        await send(`http://mixed.test:${outside.port}/`, { admits, resolve: resolver(addresses).resolve }),
      ).toMatchObject({
        status: null,
        error: 'refused: mixed.test resolves to 127.0.0.1, which is not a public address',
      });
    expect([outside.sockets.size, inside.sockets.size]).toEqual([0, 0]);
  });

  it.each([
    '10.0.0.1',
    '169.254.169.254',
    '::1',
    'fd00:ec2::254',
    '::ffff:127.0.0.1',
    '64:ff9b::a9fe:a9fe',
  ])('that resolves to %s is refused in a deployment', async (address) => {
    const { resolve } = resolver([address]);
    expect(await send('https://inside.test/', { isLoopbackAllowed: false, resolve })).toMatchObject({
      status: null,
      error: `refused: inside.test resolves to ${address}, which is not a public address`,
    });
  });

  it('without an address is reported as having none', async () => {
    const { resolve } = resolver([]);
    expect(await send('https://nobody.test/', { resolve })).toMatchObject({ error: 'nobody.test has no address' });
  });

  it('whose lookup never finishes is abandoned at the deadline', async () => {
    const outcome = await send('https://slow.test/', { deadlineMs: 100, resolve: () => new Promise(() => {}) });
    expect(outcome).toMatchObject({ status: null, error: 'no response within 0.1 s' });
  });

  it('is tried at its next address when the first is dead', async () => {
    const second = await rawServer('127.0.0.3', 0, taken);
    const { resolve } = resolver(['127.0.0.2', '127.0.0.3']);
    expect(await send(`http://two.test:${second.port}/`, { admits: () => true, resolve })).toMatchObject({
      status: 204,
    });
  });
});

it('a URL that was accepted once is checked again when it is called', async () => {
  const { url, received } = await receiver();
  expect(await send(url, { isLoopbackAllowed: false })).toMatchObject({
    status: null,
    error: expect.stringMatching(/https/),
  });
  expect(received).toHaveLength(0);
});
