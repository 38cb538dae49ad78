import { afterEach, expect, it, vi } from 'vitest';
import { type LoopbackServer, readBody, reply, serveOnLoopback } from '../../../local/aws/loopback-server.ts';

let server: LoopbackServer;
afterEach(() => server.close());

it('sends a response in one piece, with its length in bytes', async () => {
  server = await serveOnLoopback(async (request, response) => {
    reply(response, 201, { 'x-read': String(await readBody(request)) }, 'grün');
  });
  const answer = await fetch(server.url, { method: 'POST', body: 'asked' });
  expect([answer.status, answer.headers.get('x-read'), await answer.text()]).toEqual([201, 'asked', 'grün']);
  expect(answer.headers.get('content-length')).toBe('5');
  expect(answer.headers.has('transfer-encoding')).toBe(false);
});

it('cuts the connection of a request whose handler fails, logs that, and keeps serving', async () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  server = await serveOnLoopback(async ({ url }, response) => {
    if (url === '/broken') throw new Error('broken');
    reply(response, 200, {}, 'ok');
  });
  await expect(fetch(`${server.url}/broken`)).rejects.toThrow('fetch failed');
  expect(said).toHaveBeenCalledWith('GET /broken failed:', new Error('broken'));
  expect((await fetch(server.url)).status).toBe(200);
  said.mockRestore();
});

it('closes at once, even with a request in flight, if it has no grace period', async () => {
  const asked = Promise.withResolvers<void>();
  server = await serveOnLoopback(async () => asked.resolve()); // and never answers
  const lost = expect(fetch(server.url)).rejects.toThrow('fetch failed');
  await asked.promise;
  await server.close();
  await lost;
});
