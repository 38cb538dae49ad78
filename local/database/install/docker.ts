import { run } from '../../run-program.ts';

export const dockerImage = 'mysql:8.0';

/** Whether the Docker engine runs, and has the image or can pull it. Many machines have the client alone. */
export async function dockerServes(): Promise<boolean> {
  try {
    await run('docker', ['info'], { timeout: 10_000 });
    await run('docker', ['image', 'inspect', dockerImage]).catch(() => run('docker', ['pull', dockerImage]));
    return true;
  } catch {
    return false;
  }
}
