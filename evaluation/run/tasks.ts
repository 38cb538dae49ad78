import { groupFiles, isLongEnough, readGroup } from '../data/data-set.ts';
import { deadlines, type JobSet, jobSetStarts, jobSets, jobsEach } from '../data/job-sets.ts';
import { RecordedStarts } from '../jobs/recorded-starts.ts';
import type { EvaluateOptions } from '../options.ts';
import type { ProfileName } from '../service/profile.ts';

/** The unit of work that a process plays. */
export type Task =
  | { readonly kind: 'service'; readonly path: string; readonly set: ServiceSet; readonly profile: ProfileName }
  | {
      readonly kind: 'jobs';
      readonly path: string;
      readonly pool: number;
      readonly hours: number;
      readonly starts: readonly number[];
    }
  | { readonly kind: 'standbys'; readonly path: string }
  | { readonly kind: 'pools'; readonly set: JobSet; readonly hours: number; readonly starts: readonly number[] };

export type ServiceSet = 'availability' | 'availability-more' | 'prices';

/** The tasks of an evaluation, longest first. */
export function tasksFor(options: EvaluateOptions): Task[] {
  const tasks = options.only.flatMap((part) => makers[part](options));
  const rank = ({ kind }: Task) => ['pools', 'service', 'jobs', 'standbys'].indexOf(kind);
  return tasks.toSorted((a, b) => rank(a) - rank(b));
}

const makers = {
  services: (options: EvaluateOptions): Task[] => [
    ...files(options, 'availability').flatMap((path) =>
      (['target', 'warm', 'cold'] as const).map(
        (profile) => ({ kind: 'service', path, set: 'availability', profile }) as const,
      ),
    ),
    ...files(options, 'availability-more').map(
      (path) => ({ kind: 'service', path, set: 'availability-more', profile: 'target' }) as const,
    ),
  ],
  prices: (options: EvaluateOptions): Task[] =>
    files(options, 'prices').map((path) => ({ kind: 'service', path, set: 'prices', profile: 'target' }) as const),
  jobs: jobTasks,
  standbys: (options: EvaluateOptions): Task[] =>
    (['availability', 'availability-more'] as const)
      .flatMap((folder) => files(options, folder))
      .filter((path) => readGroup(path).pools.length >= leastPools)
      .map((path) => ({ kind: 'standbys', path }) as const),
  pools: (options: EvaluateOptions): Task[] => {
    const starts = jobSetStarts(options.data);
    return (Object.keys(jobSets) as JobSet[])
      .filter((set) => isWanted(options, set))
      .flatMap((set) =>
        deadlines.map((hours) => ({ kind: 'pools', set, hours, starts: starts[set][hours]! }) as const),
      );
  },
};

/** With fewer pools there is nothing to choose for a standby. */
const leastPools = 3;

/** Step lengths, in seconds, of the groups that jobs are played on. */
const jobSteps = [195, 600];

/** Draws starts for all pools in order, even unwanted ones, so that `--groups` does not change the other starts. */
function jobTasks(options: EvaluateOptions): Task[] {
  const drawn = new RecordedStarts();
  return groupFiles(options.data, 'availability').flatMap((path): Task[] => {
    const group = readGroup(path);
    if (!jobSteps.includes(group.stepSeconds) || !isLongEnough(group)) return [];
    const tasks = group.pools.flatMap((_, pool) =>
      deadlines.flatMap((hours): Task[] => {
        const room = group.steps - Math.floor((hours * 3600) / group.stepSeconds);
        return room > 0 ? [{ kind: 'jobs', path, pool, hours, starts: drawn.draw(jobsEach, room) }] : [];
      }),
    );
    return isWanted(options, path) ? tasks : [];
  });
}

const isWanted = ({ groups }: EvaluateOptions, name: string) => groups === undefined || name.includes(groups);

const files = (options: EvaluateOptions, folder: string) =>
  groupFiles(options.data, folder).filter((path) => isWanted(options, path) && isLongEnough(readGroup(path)));
