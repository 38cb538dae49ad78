import { readdirSync, readFileSync } from 'node:fs';

/** The processes of models that this one has started and that have not ended, by their ids. */
export const modelChildren = () =>
  readdirSync('/proc').filter((pid) => {
    try {
      const isOurs = readFileSync(`/proc/${pid}/status`, 'utf8').includes(`\nPPid:\t${process.pid}\n`);
      return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('model-child.js');
    } catch {
      return false; // it has ended
    }
  });

/** What a function's container would end with itself, where functions run in the process of the test. */
export function endModelChildren(pids: readonly string[]): void {
  for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
}
