import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Policies } from '../policies.ts';
import type { Order } from './player.ts';
import type { Row } from './rows.ts';
import type { Task } from './tasks.ts';

interface PlayOptions {
  readonly policies: Policies;
  /** How many tasks are played at a time. */
  readonly processes: number;
}

/**
 * Plays all tasks. In processes, as V8 may crash when two threads of one process strip types, which Node does with
 * WebAssembly (docs/adr/0084).
 * @returns their rows, in the order of the tasks
 * @throws Error if a process ends before it has played its task; it has written why
 */
export async function playAll(
  tasks: readonly Task[],
  { policies, processes }: PlayOptions,
  onDone: (count: number) => void,
): Promise<Row[]> {
  const rows: Row[][] = tasks.map(() => []);
  const waiting = [...tasks.entries()];
  let done = 0;
  const work = async () => {
    const player = fork(join(import.meta.dirname, 'player.ts'), { serialization: 'advanced', execArgv: [] });
    const ended = once(player, 'exit').then(([code, signal]) => {
      throw new Error(`a process of the evaluation ended with ${signal ?? `code ${code}`} before it was done`);
    });
    ended.catch(() => undefined); // it also ends when all is done
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        player.send({ task: next[1], policies } satisfies Order);
        const [answer] = (await Promise.race([once(player, 'message'), ended])) as [Row[]];
        rows[next[0]] = answer;
        done += 1;
        onDone(done);
      }
    } finally {
      player.kill();
    }
  };
  await Promise.all(Array.from({ length: Math.min(processes, tasks.length) }, work));
  return rows.flat();
}
