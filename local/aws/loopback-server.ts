import { createServer, type IncomingMessage, type ServerOptions, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface LoopbackOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  /** How long `close` waits for responses in progress. 0, the default: not at all. */
  readonly graceMs?: number;
  /** Node's own settings. */
  readonly server?: ServerOptions;
  /** Answers what Node cannot parse as a request; by default Node does. */
  readonly refuse?: (error: NodeJS.ErrnoException, socket: Socket) => void;
}

export interface LoopbackServer {
  readonly url: string;
  readonly port: number;
  /** Accepts no more requests, and ends every connection: at once, or after its response if `graceMs` allows. */
  close(): Promise<void>;
}

export class PortInUse extends Error {
  constructor(port: number, options: ErrorOptions) {
    super(`port ${port} is in use: end what listens on it, or choose another with --port`, options);
  }
}

/** Longer than clients keep a socket: closing one while a request is on its way would be our error. */
const keepAliveTimeout = 120_000;

/**
 * Serves HTTP on 127.0.0.1.
 * @param answer ends the response itself; if it rejects, the connection is cut
 * @throws PortInUse
 */
export async function serveOnLoopback(
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>,
  { port = 0, graceMs = 0, server: settings, refuse }: LoopbackOptions = {},
): Promise<LoopbackServer> {
  const underWay = new Set<ServerResponse>();
  const server = createServer({ keepAliveTimeout, ...settings }, (request, response) => {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    answer(request, response).catch((error) => {
      if (!request.errored) console.error(`${request.method} ${request.url} failed:`, error); // otherwise the client left
      response.destroy();
    });
  });
  if (refuse) server.on('clientError', refuse);

  const listening = Promise.withResolvers<void>();
  server.once('error', (error: NodeJS.ErrnoException) =>
    listening.reject(error.code === 'EADDRINUSE' ? new PortInUse(port, { cause: error }) : error),
  );
  server.listen(port, '127.0.0.1', listening.resolve);
  await listening.promise;
  const { port: actualPort } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${actualPort}`,
    port: actualPort,
    async close() {
      const closed = Promise.withResolvers<unknown>();
      server.close(closed.resolve); // Node ends the idle connections by itself
      for (const response of underWay) response.shouldKeepAlive = false;
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed.promise;
      clearTimeout(cut);
    },
  };
}

/** Sends the whole response in one piece: without a content length, Node would send chunks. */
export function reply(response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

/**
 * Reads the body of a request.
 * @returns undefined as soon as it is too large. The rest is still read and dropped, so that a client which sends
 * everything before it reads gets the response instead of a reset connection
 */
export function readBody(request: IncomingMessage, maxBytes = Number.POSITIVE_INFINITY): Promise<Buffer | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) return chunks.push(chunk);
    chunks.length = 0;
    resolve(undefined);
  });
  request.on('end', () => resolve(Buffer.concat(chunks)));
  request.on('error', reject);
  return promise;
}
