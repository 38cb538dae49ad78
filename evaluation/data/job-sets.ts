import { join } from 'node:path';
import type { JobWorld } from '../jobs/job-world.ts';
import { jobWorld } from '../jobs/job-worlds.ts';
import { RecordedStarts } from '../jobs/recorded-starts.ts';
import { readPoolGroup } from './pool-group.ts';

/** Hours until the deadline. */
export const deadlines = [52, 56, 60, 72, 92] as const;

/** How many jobs are played for each world and deadline. */
export const jobsEach = 40;

/** Sets of pools that jobs may run in. `zones` restricts the zones taken from the files. */
export const jobSets = {
  v100: { files: ['sky23feb-use1-p3.2xlarge-priced', 'sky23feb-usw2-p3.2xlarge-priced'], zones: undefined },
  h100: { files: ['gcp25oct-multi-h100'], zones: undefined },
  /** The scarce zones of `h100`: up less than 70 % of the time. */
  h100v: {
    files: ['gcp25oct-multi-h100'],
    zones: ['asia-southeast1-b', 'asia-southeast1-c', 'europe-west3-c', 'us-west1-a', 'us-west1-b'],
  },
} as const;
export type JobSet = keyof typeof jobSets;

export const jobSetFolder = 'availability-more';

export function readJobSet(data: string, set: JobSet): JobWorld {
  const { files, zones } = jobSets[set];
  const groups = files.map((file) => readPoolGroup(join(data, jobSetFolder, `${file}.json`)));
  const isChosen = (id: string) => !zones || (zones as readonly string[]).includes(id);
  return jobWorld(
    groups.map((group) => ({ ...group, pools: group.pools.filter(({ id }) => isChosen(id)) })),
    1,
  );
}

/** The starts of each set's jobs, by deadline. The scarce zones use a random sequence of their own. */
export function jobSetStarts(data: string): Record<JobSet, Record<number, number[]>> {
  const draw = (starts: RecordedStarts, set: JobSet) => {
    const { ticks, tickSeconds } = readJobSet(data, set);
    return Object.fromEntries(
      deadlines.map((hours) => [hours, starts.draw(jobsEach, ticks - Math.floor((hours * 3600) / tickSeconds))]),
    );
  };
  const shared = new RecordedStarts();
  return { v100: draw(shared, 'v100'), h100: draw(shared, 'h100'), h100v: draw(new RecordedStarts(), 'h100v') };
}
