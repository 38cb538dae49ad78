import { type ExecFileOptions, execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/**
 * Runs a program to completion, and ends it if this process exits first.
 * @returns what it wrote to stdout
 * @throws Error with all that it wrote
 */
export async function run(
  program: string,
  args: readonly string[],
  options: Pick<ExecFileOptions, 'cwd' | 'env' | 'timeout'> = {},
): Promise<string> {
  const running = execute(program, args, { ...options, encoding: 'utf8', maxBuffer: 1 << 26 });
  const end = () => running.child.kill();
  process.on('exit', end);
  try {
    return (await running).stdout;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`${program}: ${(stdout + stderr).trim() || message}`, { cause: error });
  } finally {
    process.off('exit', end);
  }
}
