import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Policies } from '../policies.ts';
import type { Row } from './rows.ts';
import type { Task } from './tasks.ts';

/** Plays all tasks, `threads` at a time. @returns their rows, in the order of the tasks */
export async function playAll(
  tasks: readonly Task[],
  { data, policies, threads }: { readonly data: string; readonly policies: Policies; readonly threads: number },
  onDone: (count: number) => void,
): Promise<Row[]> {
  const rows: Row[][] = tasks.map(() => []);
  const waiting = [...tasks.entries()];
  let done = 0;
  const work = async () => {
    const worker = new Worker(join(import.meta.dirname, 'worker.ts'), { workerData: { data, policies } });
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        worker.postMessage(next[1]);
        const [answer] = (await once(worker, 'message')) as [Row[]];
        rows[next[0]] = answer;
        done += 1;
        onDone(done);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, tasks.length) }, work));
  return rows.flat();
}
