import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';

/** An invocation of a function, as far as the world outside can tell: by the requests that it makes. */
interface Running {
  isOver: boolean;
  readonly requests: Set<ClientRequest>;
}

const invocations = new AsyncLocalStorage<Running>();

// Node tells of each HTTP request that is made, in the context of whoever makes it.
subscribe('http.client.request.created', (message) => {
  const running = invocations.getStore();
  if (!running) return;
  const { request } = message as { request: ClientRequest };
  if (running.isOver) {
    end(request);
    return;
  }
  running.requests.add(request);
  request.once('close', () => running.requests.delete(request));
});

const end = (request: ClientRequest) => request.destroy(new Error('the function has been ended'));

/**
 * Runs a function, and ends it when its time is over, as Lambda does: what it was asking is broken off, though whoever was
 * asked may do it, and nothing that it asks later is sent. Its code may run on, as threads share it, but reaches nobody.
 */
export async function endAfter<T>(timeoutMs: number, run: () => Promise<T>): Promise<T> {
  const running: Running = { isOver: false, requests: new Set() };
  const timer = setTimeout(() => {
    running.isOver = true;
    for (const request of running.requests) end(request);
  }, timeoutMs);
  try {
    return await invocations.run(running, run);
  } finally {
    clearTimeout(timer);
  }
}
