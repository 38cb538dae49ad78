import { run } from '../../run-program.ts';

export const dockerImage = 'mysql:8.0';

/**
 * Whether there is an engine, and the image or a way to fetch it. The client alone is on many machines and answers
 * nothing.
 */
export async function dockerServes(): Promise<boolean> {
  try {
    await run('docker', ['info'], { timeout: 10_000 });
    await run('docker', ['image', 'inspect', dockerImage]).catch(() => run('docker', ['pull', dockerImage]));
    return true;
  } catch {
    return false;
  }
}
