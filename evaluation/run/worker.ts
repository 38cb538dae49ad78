/** A thread that plays tasks one after another. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Policies } from '../policies.ts';
import { playTask } from './play-task.ts';
import type { Task } from './tasks.ts';

const { data, policies } = workerData as { data: string; policies: Policies };

parentPort!.on('message', (task: Task) => parentPort!.postMessage(playTask(task, data, policies)));
