import { readdirSync, readFileSync } from 'node:fs';

/** Process ids of the models that this process has started and that have not ended. */
export const modelChildren = () =>
  readdirSync('/proc').filter((pid) => {
    try {
      const isOurs = readFileSync(`/proc/${pid}/status`, 'utf8').includes(`\nPPid:\t${process.pid}\n`);
      return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('model-child.js');
    } catch {
      return false; // it has ended
    }
  });

/** Kills model processes, as the end of a function's container would: here functions run in the test's process. */
export function endModelChildren(pids: readonly string[]): void {
  for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
}
