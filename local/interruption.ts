/** Aborts at Ctrl-C or SIGTERM, so that everything started is stopped. A second signal ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  let first = Number.POSITIVE_INFINITY;
  const onSignal = () => {
    // npm forwards the signal that the terminal has already sent.
    if (performance.now() - first > 1000) process.exit(130);
    first = Math.min(first, performance.now());
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return controller.signal;
}

/** Waits until the signal is aborted, or has been. */
export async function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve());
  if (signal.aborted) resolve();
  await promise;
}
