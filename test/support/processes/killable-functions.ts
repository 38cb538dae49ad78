import { vi } from 'vitest';
import type { DataApi } from '../../../local/aws/data-api/server.ts';
import type { Invoke } from '../../../local/aws/lambda-host.ts';
import { Killed, LambdaProcess } from './lambda-process.ts';
import { builtFunctions, timelessFunctions } from './timeless-functions.ts';

/** When the process is killed: about to send a call, or after the call was carried out but before its response. */
export type Moment = 'before' | 'after';

/** When a process is killed: at its n-th call to the Data API from now on. */
export interface Kill {
  readonly n: number;
  readonly moment: Moment;
}

/**
 * The functions, which can be killed at any point where they wait, and so at every point where a crash makes a
 * difference to what is stored. What may be killed runs in a process of its own, everything else in this one, which is
 * faster.
 */
export class KillableFunctions {
  readonly #here = timelessFunctions();
  readonly #process = new LambdaProcess(builtFunctions);
  #onKilled: (() => Promise<void>) | undefined;

  readonly invoke: Invoke = async (name, event, invocation) => {
    const onKilled = this.#onKilled;
    if (!onKilled) return this.#here(name, event, invocation);
    try {
      return await this.#process.invoke(name, event, invocation);
    } catch (error) {
      if (error instanceof Killed && this.#onKilled) {
        this.#onKilled = undefined;
        await onKilled();
      }
      throw error;
    }
  };

  /** Call it when the rig runs. Suppresses what the gateway logs about killed invocations. */
  async open() {
    const say = console.error;
    vi.spyOn(console, 'error').mockImplementation((...words) => {
      if (!words.some((word) => word instanceof Killed)) say(...words);
    });
    await this.#process.open();
  }

  async close() {
    await this.#process.close();
    vi.restoreAllMocks();
  }

  /**
   * Runs `act`, and kills the process if it gets to that call.
   * @param onKilled runs before the caller learns of it
   * @returns whether the process was killed
   */
  async killedAt(dataApi: DataApi, { n, moment }: Kill, onKilled: () => Promise<void>, act: () => Promise<unknown>) {
    let calls = 0;
    let wasKilled = false;
    const kill = async () => {
      wasKilled = true;
      await this.#process.kill();
    };
    dataApi.onCall = async () => {
      calls += 1;
      if (calls !== n || moment !== 'before') return;
      await kill();
      throw new Killed('nobody waits for it'); // so that it is not carried out
    };
    dataApi.onDone = async () => {
      if (calls === n && moment === 'after') await kill();
    };
    this.#onKilled = onKilled;
    try {
      await act();
    } finally {
      this.#onKilled = undefined;
      dataApi.onCall = undefined;
      dataApi.onDone = undefined;
    }
    return wasKilled;
  }
}
