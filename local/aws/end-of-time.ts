import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';

/** An invocation of a function as seen from outside: the requests that it makes. */
interface Running {
  isOver: boolean;
  readonly requests: Set<ClientRequest>;
}

const invocations = new AsyncLocalStorage<Running>();

// Node publishes each outgoing HTTP request, in the async context of its sender.
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
 * Runs a function and ends it at its timeout, as Lambda does: its open requests are aborted, though the receivers may
 * still carry them out, and nothing that it requests later is sent. Its code may keep running, because its thread is
 * shared, but reaches nobody.
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
