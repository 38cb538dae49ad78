import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endAfter } from '../../../local/aws/end-of-time.ts';

let server: Server;
let asked: string[];
let broken: PromiseWithResolvers<string>;
let hold: PromiseWithResolvers<void>;
beforeEach(async () => {
  [asked, broken, hold] = [[], Promise.withResolvers(), Promise.withResolvers()];
  server = createServer(async (incoming, response) => {
    asked.push(incoming.url!);
    response.on('close', () => !response.writableFinished && broken.resolve(incoming.url!));
    await hold.promise;
    response.end('done');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => void server.close());

async function ask(path: string): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const outgoing = request({ host: '127.0.0.1', port, path, agent: false }).end();
  const [answer] = await once(outgoing, 'response');
  const [text] = await once(answer.setEncoding('utf8'), 'data');
  return text;
}

it('cuts off the pending request of a function past its timeout, and sends none of its later ones', async () => {
  const outcome = endAfter(50, async () => {
    const first = await ask('/before').catch((error: Error) => error.message);
    const second = await ask('/after').catch((error: Error) => error.message);
    return [first, second];
  });
  expect(await outcome).toEqual(Array(2).fill('the function has been ended'));
  expect(await broken.promise).toBe('/before');
  hold.resolve();
  expect(asked).toEqual(['/before']);
});

it('leaves alone functions that end in time, and requests of others', async () => {
  const other = ask('/other');
  const ended = endAfter(50, () => ask('/ended'));
  await expect(ended).rejects.toThrow('the function has been ended');
  const inTime = endAfter(60_000, () => ask('/in-time'));
  hold.resolve();
  expect([await other, await inTime]).toEqual(['done', 'done']);
});
