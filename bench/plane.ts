import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ControlPlaneOptions } from '../local/control-plane.ts';

/** With what a control plane is started. */
export interface PlaneOptions
  extends Pick<ControlPlaneOptions, 'database' | 'databaseName' | 'dataDir' | 'functionThreads'> {
  /** The folder of the project whose code it runs. */
  readonly checkout: string;
}

/** Where it is, and the token of a tenant that it has. */
export interface Started {
  readonly url: string;
  readonly token: string;
}

/** A control plane in a process of its own, as `npm start` has it. */
export interface Plane extends Started {
  /** Its memory, in MB. */
  rssMB(): Promise<number>;
  stop(): Promise<void>;
}

/** @throws Error when it does not start; it has said why */
export async function startPlane(options: PlaneOptions): Promise<Plane> {
  const child = fork(join(import.meta.dirname, 'plane-process.ts'), [JSON.stringify(options)]);
  const ended = once(child, 'exit');
  const answer = async <T>() => {
    const [message] = await Promise.race([once(child, 'message'), ended]);
    if (typeof message !== 'object') throw new Error(`the control plane of ${options.checkout} ended`);
    return message as T;
  };
  const started = await answer<Started>();
  return {
    ...started,
    async rssMB() {
      child.send('rss');
      return (await answer<{ rssMB: number }>()).rssMB;
    },
    async stop() {
      child.send('stop');
      await ended;
    },
  };
}
