/** Repeats the failover tests on functions without the decision engine, the model and all schedules. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { policyVersion } from '../../functions/core/decision/policy.ts';
import { useBareFunctions } from '../support/rig/bare-functions.ts';
import { Rig } from '../support/rig/rig.ts';

const directory = await useBareFunctions();
await import('../functions/replica/failover.test.ts');

it('runs on functions that have no schedules and no decision engine', async () => {
  const run = Rig.defaults.functions!('jobs', { job: 'decide' }, { timeoutMs: 1000 });
  await expect(run).rejects.toThrow('there are no schedules');
  expect(await readFile(join(directory, 'agent/index.js'), 'utf8')).not.toContain(policyVersion);
});
