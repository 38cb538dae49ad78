import { rmSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../run-program.ts';

/**
 * Unpacks Debian packages into `dir`, which needs no privileges and does not change the system. They appear there all
 * at once and complete.
 * @param fetch puts the packages into `downloads`; `work` is for its other files, and both are removed afterwards
 */
export async function unpackInto(
  dir: string,
  fetch: (downloads: string, work: string) => Promise<void>,
): Promise<void> {
  const work = `${dir}.${process.pid}`;
  const downloads = join(work, 'downloads');
  const removeWork = () => rmSync(work, { recursive: true, force: true });
  process.on('exit', removeWork);
  try {
    await mkdir(downloads, { recursive: true });
    await fetch(downloads, work);
    for (const file of await readdir(downloads)) await run('dpkg', ['-x', join(downloads, file), join(work, 'root')]);
    await rm(dir, { recursive: true, force: true });
    await rename(join(work, 'root'), dir);
  } finally {
    removeWork();
    process.off('exit', removeWork);
  }
}
