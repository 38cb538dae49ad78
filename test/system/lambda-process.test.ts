import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LambdaProcess } from '../support/processes/lambda-process.ts';

it('closing a process that was never opened removes nothing', async () => {
  // It once removed the parent of the folder that the tests ran in, and with it everything beside the project.
  const parent = await mkdtemp(join(tmpdir(), 'spot-close-'));
  const here = process.cwd();
  await writeFile(join(parent, 'kept'), '');
  const inside = await mkdtemp(join(parent, 'project-'));
  process.chdir(inside);
  try {
    await new LambdaProcess('dist').close();
    expect(await readdir(parent)).toContain('kept');
  } finally {
    process.chdir(here);
    await rm(parent, { recursive: true });
  }
});
