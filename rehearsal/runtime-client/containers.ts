import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type LambdaName, lambdas } from '../../functions/lambdas.ts';
import { dist, type Invoke, inTime } from '../../local/aws/lambda-host.ts';
import { RuntimeApi } from './runtime-api.ts';

/** How long the first and the later invocations of a function took, in ms. */
export interface Runs {
  cold: number;
  readonly warm: number[];
}

/** One container per function: a process of Lambda's runtime client with its bundle, started at the first call. */
export class Containers {
  readonly runs = new Map<string, Runs>();
  readonly #started = new Map<string, Promise<{ api: RuntimeApi; child: ChildProcess }>>();
  readonly #program: string;
  readonly #turns = new Map<string, Promise<unknown>>();

  /** @param program Lambda's runtime client */
  constructor(program: string) {
    this.#program = program;
  }

  /** Runs one event at a time per function, as a container does. */
  readonly invoke: Invoke = (name, event, { timeoutMs }) => {
    const turn = (this.#turns.get(name) ?? Promise.resolve())
      .catch(() => {})
      .then(() => this.#run(name, JSON.stringify(event), timeoutMs));
    this.#turns.set(name, turn);
    return turn;
  };

  async close(): Promise<void> {
    for (const started of this.#started.values()) {
      const { api, child } = await started;
      child.kill('SIGKILL');
      await api.close();
    }
  }

  async #run(name: string, event: string, timeoutMs: number): Promise<unknown> {
    const began = performance.now();
    if (!this.#started.has(name)) this.#started.set(name, this.#start(name));
    const { api } = await this.#started.get(name)!;
    const result = await inTime(name, timeoutMs, () => api.invoke(event, timeoutMs));
    const ms = performance.now() - began;
    const runs = this.runs.get(name);
    if (runs) runs.warm.push(ms);
    else this.runs.set(name, { cold: ms, warm: [] });
    return JSON.parse(result) as unknown;
  }

  async #start(name: string) {
    const api = new RuntimeApi(name);
    const task = join(dist, name);
    const child = spawn(process.execPath, [this.#program], {
      cwd: task,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env, // includes what the control plane has set
        AWS_LAMBDA_RUNTIME_API: await api.open(),
        LAMBDA_TASK_ROOT: task,
        _HANDLER: 'index.handler',
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(lambdas[name as LambdaName].memoryMB),
        AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
        AWS_LAMBDA_LOG_STREAM_NAME: 'rehearsal',
      },
    });
    child.once('exit', (code) => api.fail(new Error(`the container of ${name} ended with ${code}`)));
    return { api, child };
  }
}
