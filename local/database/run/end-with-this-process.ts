import type { ChildProcess } from 'node:child_process';

/**
 * Ends the child when this process ends: by process.exit, by an uncaught error, or by a signal. Sends SIGTERM, which
 * takes about 0.1 s; with SIGKILL the server would lose a second of writes.
 * @returns undoes it
 */
export function endWithThisProcess(child: ChildProcess, cleanUp: () => void): () => void {
  const onExit = () => {
    child.kill('SIGTERM');
    cleanUp();
  };
  const onSignal = (signal: NodeJS.Signals) => {
    // If others listen, they end the process in their own time, and 'exit' follows.
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
