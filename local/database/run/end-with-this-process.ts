import type { ChildProcess } from 'node:child_process';

/**
 * Ends the child when this process ends: by process.exit, by an error nobody caught, or by a signal.
 * SIGTERM and not SIGKILL, as the server loses a second of writes to the latter; it needs some 0.1 s.
 * @returns undoes it
 */
export function endWithThisProcess(child: ChildProcess, cleanUp: () => void): () => void {
  const onExit = () => {
    child.kill('SIGTERM');
    cleanUp();
  };
  const onSignal = (signal: NodeJS.Signals) => {
    // Whoever else listens ends the process in their own time, and then 'exit' follows.
    if (process.listenerCount(signal) > 1) return;
    onExit();
    release();
    process.kill(process.pid, signal);
  };
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const release = () => {
    process.off('exit', onExit);
    for (const signal of signals) process.off(signal, onSignal);
  };
  process.on('exit', onExit);
  for (const signal of signals) process.on(signal, onSignal);
  return release;
}
