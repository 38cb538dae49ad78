import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { account, type Emulator, region } from './emulator.ts';

const run = promisify(execFile);

/** The CLI failed. The message has the last lines of its output. */
export class CdkFailed extends Error {}

/** Runs the CDK CLI as an operator does. */
export class Cdk {
  readonly #environment: NodeJS.ProcessEnv;

  constructor({ environment }: Emulator) {
    this.#environment = environment;
  }

  bootstrap(): Promise<void> {
    return this.#cdk('bootstrap', `aws://${account}/${region}`);
  }

  /** @throws CdkFailed when the stack was rolled back, among other reasons */
  deploy(stack: string, outdir: string, parameters: Readonly<Record<string, string>>): Promise<void> {
    const given = Object.entries(parameters).flatMap(([name, value]) => ['--parameters', `${name}=${value}`]);
    return this.#cdk('deploy', stack, '--app', outdir, '--require-approval', 'never', ...given);
  }

  destroy(stack: string, outdir: string): Promise<void> {
    return this.#cdk('destroy', stack, '--app', outdir, '--force');
  }

  async #cdk(...args: string[]): Promise<void> {
    try {
      await run('cdk', args, { env: this.#environment, timeout: 300_000, maxBuffer: 2 ** 26 });
    } catch (thrown) {
      const { stdout = '', stderr = '' } = thrown as { stdout?: string; stderr?: string };
      const last = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() && !line.includes('_IN_PROGRESS'));
      throw new CdkFailed(`cdk ${args[0]} failed:\n${last.slice(-15).join('\n')}`, { cause: thrown });
    }
  }
}
