import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Address, serverVersion } from '../address.ts';
import { stopWithinMs } from '../process.ts';
import { endWithThisProcess } from './end-with-this-process.ts';

const readyWithinMs = 60_000;

/**
 * Waits until the server responds, and ensures that it does not outlive this process.
 * @throws Error when it ends or does not respond in time; the message ends with the tail of its log
 */
export async function supervise(
  server: ChildProcess,
  address: Address,
  log: string,
  cleanUp: () => void,
): Promise<{ version: string; stop: () => Promise<void> }> {
  const { promise: end, resolve: onEnd } = Promise.withResolvers<void>();
  let ended: string | undefined;
  server.once('error', (error) => {
    ended = error.message;
    onEnd();
  });
  server.once('exit', (code, signal) => {
    ended = `it ended with ${signal ?? code}`;
    onEnd();
  });
  server.unref();
  const release = endWithThisProcess(server, cleanUp);

  const stop = async () => {
    if (!ended) {
      server.ref();
      server.kill('SIGTERM');
      const stubborn = setTimeout(() => server.kill('SIGKILL'), stopWithinMs);
      await end;
      clearTimeout(stubborn);
    }
    release();
    cleanUp();
  };

  const deadline = Date.now() + readyWithinMs;
  for (;;) {
    try {
      return { version: await serverVersion(address), stop };
    } catch (error) {
      if (!ended && Date.now() < deadline) {
        await delay(20);
        continue;
      }
      const why = ended ?? `no answer in ${readyWithinMs / 1000} s`;
      await stop();
      throw new Error(`The database server did not start: ${why}.\n${await tail(log)}`, { cause: error });
    }
  }
}

async function tail(file: string): Promise<string> {
  const log = await readFile(file, 'utf8').catch(() => '(it wrote no error log)');
  return log.trimEnd().split('\n').slice(-20).join('\n');
}
