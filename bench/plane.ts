import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ControlPlaneOptions } from '../local/control-plane.ts';

/** How to start a control plane. */
export interface PlaneOptions
  extends Pick<ControlPlaneOptions, 'database' | 'databaseName' | 'dataDir' | 'functionThreads'> {
  /** The project folder whose code it runs. */
  readonly checkout: string;
}

/** Its address, and the token of its tenant. */
export interface Started {
  readonly url: string;
  readonly token: string;
}

/** A control plane in its own process, set up as by `npm start`. */
export interface Plane extends Started {
  /** Its memory, in MB. */
  rssMB(): Promise<number>;
  stop(): Promise<void>;
}

/** @throws Error when it does not start; the process has printed why */
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
