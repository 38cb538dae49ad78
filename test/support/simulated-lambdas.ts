import type { DataApi } from '../../local/aws/data-api/server.ts';
import type { Invoke } from '../../local/aws/lambda-host.ts';
import { Killed, killAt, LambdaProcess, type Moment } from './lambda-process.ts';

/** The functions in a process of their own, which can be killed at any point at which they wait (F4). */
export class SimulatedLambdas {
  readonly #process = new LambdaProcess();
  #onKilled: (() => Promise<void>) | undefined;

  readonly invoke: Invoke = async (name, event, invocation) => {
    try {
      return await this.#process.invoke(name, event, invocation);
    } catch (error) {
      if (error instanceof Killed) await this.#onKilled?.();
      throw error;
    }
  };

  /** Call it when the rig runs: processes start sooner after that. */
  prepare = () => this.#process.compile('agent', 'replica', 'jobs', 'spot-events');

  stop = () => this.#process.close();

  /**
   * Does something during which the process is killed at the n-th call to the Data API, if it comes to that.
   * @param onKilled what happens before the caller hears of it
   * @returns whether it was
   */
  async killedAt(
    { dataApi, n, moment }: { dataApi: DataApi; n: number; moment: Moment },
    onKilled: () => Promise<void>,
    act: () => Promise<unknown>,
  ): Promise<boolean> {
    const wasKilled = killAt(dataApi, this.#process, n, moment);
    this.#onKilled = onKilled;
    try {
      await act();
    } finally {
      this.#onKilled = undefined;
      wasKilled();
    }
    return wasKilled();
  }
}
