import { DataFolder, type Folder, type Recorded } from '../data/data-folder.ts';
import { deadlines, type JobSet, jobSets, jobsEach, ticksToStartIn } from '../data/job-sets.ts';
import { RecordedStarts } from '../jobs/recorded-starts.ts';
import type { EvaluateOptions } from '../options.ts';
import type { ProfileName } from '../service/profile.ts';

/** The unit of work that a process plays. */
export type Task =
  | {
      readonly kind: 'service';
      readonly name: string;
      readonly path: string;
      readonly set: Folder;
      readonly profile: ProfileName;
    }
  | {
      readonly kind: 'jobs';
      readonly set: string;
      readonly path: string;
      readonly pool: number;
      readonly hours: number;
      readonly starts: readonly number[];
    }
  | { readonly kind: 'standbys'; readonly name: string; readonly path: string }
  | {
      readonly kind: 'pools';
      readonly set: Omit<JobSet, 'starts'>;
      readonly hours: number;
      readonly starts: readonly number[];
    };

type Wanted = Pick<EvaluateOptions, 'data' | 'only' | 'groups'>;

/** The tasks of an evaluation, longest first; and what of the data is not played, and why, in a line for each reason. */
export function tasksFor({ data, only, groups }: Wanted): { tasks: Task[]; notPlayed: readonly string[] } {
  const folder = new DataFolder(data);
  const isWanted = (name: string) => groups === undefined || name.includes(groups);
  const tasks = only.flatMap((part) => makers[part](folder, isWanted));
  const rank = ({ kind }: Task) => ['pools', 'service', 'jobs', 'standbys'].indexOf(kind);
  return { tasks: tasks.toSorted((a, b) => rank(a) - rank(b)), notPlayed: folder.notPlayed.lines() };
}

type IsWanted = (name: string) => boolean;

const profilesOf: Record<Folder, readonly ProfileName[]> = {
  availability: ['target', 'warm', 'cold'],
  'availability-more': ['target'],
  prices: ['target'],
};

const makers = {
  services: (folder: DataFolder, isWanted: IsWanted) =>
    (['availability', 'availability-more'] as const).flatMap((set) => serviceTasks(folder, set, isWanted)),
  prices: (folder: DataFolder, isWanted: IsWanted) => serviceTasks(folder, 'prices', isWanted),
  jobs: jobTasks,
  standbys: standbyTasks,
  pools: (folder: DataFolder, isWanted: IsWanted): Task[] =>
    jobSets(folder)
      .filter(({ name }) => isWanted(name))
      .flatMap(({ starts, ...set }) =>
        Object.entries(starts).map(
          ([hours, own]) => ({ kind: 'pools', set, hours: Number(hours), starts: own }) as const,
        ),
      ),
};

const serviceTasks = (folder: DataFolder, set: Folder, isWanted: IsWanted): Task[] =>
  folder
    .records(set)
    .filter(({ name }) => isWanted(name))
    .flatMap(({ name, path }) =>
      profilesOf[set].map((profile) => ({ kind: 'service', name, path, set, profile }) as const),
    );

/** With fewer pools there is nothing to choose for a standby. */
const leastPools = 3;

function standbyTasks(folder: DataFolder, isWanted: IsWanted): Task[] {
  const records = [...folder.records('availability'), ...folder.records('availability-more')];
  return records
    .filter(({ name }) => isWanted(name))
    .flatMap(({ name, path, group }): Task[] => {
      if (group.pools.length >= leastPools) return [{ kind: 'standbys', name, path }];
      folder.notPlayed.add(`fewer than ${leastPools} pools, so standbys have no choice`, name);
      return [];
    });
}

/** Step lengths, in seconds, of the groups that jobs are scored on. */
const jobSteps = [195, 600];

/**
 * Draws starts for all pools in order, even unwanted ones, so that `--groups` does not change the other starts. Records
 * with other steps come last and in sets of their own, so that they do not change them either.
 */
function jobTasks(folder: DataFolder, isWanted: IsWanted): Task[] {
  const drawn = new RecordedStarts();
  const isScored = ({ group }: Recorded) => jobSteps.includes(group.stepSeconds);
  const records = folder.records('availability');
  const others = records.filter((record) => !isScored(record));
  return [...records.filter(isScored), ...others].flatMap((record): Task[] => {
    const { name, path, group } = record;
    const { stepSeconds, kind, pools } = group;
    if (kind === 'preemption' && !isScored(record)) {
      folder.notPlayed.add(
        `no jobs, as instances were kept running and steps are not of ${jobSteps.join(' or ')} s`,
        name,
      );
      return [];
    }
    const set = isScored(record) ? 'one pool' : `one pool, ${stepSeconds} s`;
    const tasks = pools.flatMap((_, pool) =>
      deadlines.map((hours): Task => {
        const starts = drawn.draw(jobsEach, ticksToStartIn([record], hours));
        return { kind: 'jobs', set, path, pool, hours, starts };
      }),
    );
    return isWanted(name) ? tasks : [];
  });
}
