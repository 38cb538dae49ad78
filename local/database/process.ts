import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** How long a server may take to shut down cleanly. */
export const stopWithinMs = 10_000;

export async function readPid(file: string): Promise<number | undefined> {
  return Number(await readFile(file, 'utf8').catch(() => '')) || undefined;
}

/** A running process. Reads /proc if there is one, because small containers lack `ps`. */
export function processOf(pid: number): { parent: number; command: string } | undefined {
  try {
    if (!existsSync('/proc/self/status')) {
      const line = execFileSync('ps', ['-ww', '-o', 'ppid=,args=', '-p', String(pid)], { encoding: 'utf8' }).trim();
      return { parent: Number.parseInt(line, 10), command: line };
    }
    const parent = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return { parent: Number(parent), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') };
  } catch {
    return undefined;
  }
}

/** Ends a process that is not our child, as long as its command line contains `mark`: pids are reused. */
export async function endProcess(pid: number, mark: string): Promise<void> {
  const deadline = Date.now() + stopWithinMs;
  process.kill(pid, 'SIGTERM');
  while (processOf(pid)?.command.includes(mark)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
    await delay(20);
  }
}
