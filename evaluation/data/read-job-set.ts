import type { JobWorld } from '../jobs/job-world.ts';
import { jobWorld } from '../jobs/job-worlds.ts';
import type { JobSet } from './job-sets.ts';
import { readPoolGroup } from './pool-group.ts';

/** The pools of a set. A zone that is in several records is taken from the first. */
export function readJobSet({ files, zones }: Pick<JobSet, 'files' | 'zones'>): JobWorld {
  const left = new Set(zones);
  const groups = files.map(readPoolGroup);
  return jobWorld(
    groups.map((group) => ({ ...group, pools: group.pools.filter(({ id }) => left.delete(id)) })),
    1,
  );
}
