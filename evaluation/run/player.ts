/** A process that plays the tasks it is sent, one after another. It ends when its parent disconnects. */
import type { Policies } from '../policies.ts';
import { playTask } from './play-task.ts';
import type { Task } from './tasks.ts';

export interface Order {
  readonly task: Task;
  readonly policies: Policies;
}

process.on('message', ({ task, policies }: Order) => process.send!(playTask(task, policies)));
