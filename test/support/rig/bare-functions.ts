import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { afterAll } from 'vitest';
import { bundleInto } from '../../../build/bundling.ts';
import { jobs } from '../../../functions/jobs.ts';
import { functionNames } from '../../../functions/lambdas.ts';
import { lambdaHost } from '../../../local/aws/lambda-host.ts';
import { Rig } from './rig.ts';

/** The Lambdas that run schedules. */
const scheduled = new Set<string>(Object.values(jobs).map(({ runsIn }) => runsIn));

/**
 * From here on, the rigs of a test file run functions that are built without the decision engine, the model and the
 * schedules: whatever uses one of them fails.
 * @returns the directory of the bundles
 */
export async function useBareFunctions(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'spot-bare-'));
  await bundleInto(directory, {
    names: functionNames.filter((name) => !scheduled.has(name)),
    plugins: [withoutDecisions],
  });
  for (const name of scheduled) {
    await mkdir(join(directory, name));
    await writeFile(join(directory, name, 'index.js'), "throw new Error('there are no schedules');");
  }
  Rig.defaults = { functions: lambdaHost(directory) };
  afterAll(async () => {
    Rig.defaults = {};
    await rm(directory, { recursive: true });
  });
  return directory;
}

const withoutDecisions: Plugin = {
  name: 'without decisions',
  setup({ onLoad }) {
    onLoad({ filter: /functions.(core.)?decision./ }, async ({ path }) => {
      const names = [...(await readFile(path, 'utf8')).matchAll(/^export (?:async )?(?:function|const) (\w+)/gm)];
      const removed = "() => { throw new Error('there is no decision engine'); }";
      return { contents: names.map(([, name]) => `export const ${name} = ${removed};`).join('\n') };
    });
  },
};
