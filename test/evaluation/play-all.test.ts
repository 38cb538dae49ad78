import { expect, it } from 'vitest';
import { defaultPolicies } from '../../evaluation/policies.ts';
import { playAll } from '../../evaluation/run/play-all.ts';

it('an evaluation fails, and does not wait for ever, when a process ends before it has played its task', async () => {
  const task = {
    kind: 'service',
    name: 'nowhere',
    path: '/nowhere.json',
    set: 'availability',
    profile: 'target',
  } as const;
  const playing = playAll([task], { policies: defaultPolicies, processes: 1 }, () => undefined);
  await expect(playing).rejects.toThrow('a process of the evaluation ended with code 1 before it was done');
});
