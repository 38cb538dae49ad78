import * as z from 'zod';
import { RecordedStarts } from '../jobs/recorded-starts.ts';
import { DataError } from './data-error.ts';
import type { DataFolder, Recorded } from './data-folder.ts';
import { parseJson } from './pool-group.ts';

/** Hours until the deadline. */
export const deadlines = [52, 56, 60, 72, 92] as const;

/** How many jobs are played for each world and deadline. */
export const jobsEach = 40;

/** The ticks in which jobs start, by hours until the deadline. */
type Starts = Readonly<Record<number, readonly number[]>>;

/** Pools that jobs may run in. */
export interface JobSet {
  readonly name: string;
  readonly zones: readonly string[];
  /** Paths of the records with these zones. They began at the same time. */
  readonly files: readonly string[];
  readonly starts: Starts;
}

const file = z.object({
  pools: z.record(z.string(), z.array(z.string()).min(1)),
  /** By the name of the set and the hours until the deadline, like `v100-52`. */
  jobs: z.record(z.string(), z.object({ starts: z.array(z.int().min(0)).min(1) })).default({}),
});

/** The sets of a folder's b2.json; without it, all pools of one instance type that were recorded at the same time. */
export function jobSets(folder: DataFolder): JobSet[] {
  const text = folder.text('b2.json');
  const drawn = new RecordedStarts();
  const draw = (records: readonly Recorded[]) =>
    Object.fromEntries(deadlines.map((hours) => [hours, drawn.draw(jobsEach, ticksToStartIn(records, hours))]));
  if (text === undefined) return withoutFile(folder, draw);
  const parsed = file.safeParse(parseJson(text, 'b2.json'));
  if (!parsed.success) throw new DataError(`b2.json: ${z.prettifyError(parsed.error)}`);
  const { pools, jobs } = parsed.data;
  return Object.entries(pools).flatMap(([name, zones]): JobSet[] => {
    const given = startsOf(name, jobs);
    const records = recordsOf(folder, zones, given);
    if (records) return [{ name, zones, files: records.map(({ path }) => path), starts: given ?? draw(records) }];
    folder.notPlayed.add(
      'sets of b2.json without records of one type and day that have all their pools and starts',
      name,
    );
    return [];
  });
}

function startsOf(set: string, jobs: z.infer<typeof file>['jobs']): Starts | undefined {
  const own = Object.entries(jobs).flatMap(([job, { starts }]) => {
    const [, name, hours] = /^(.+)-(\d+)$/.exec(job) ?? [];
    return name === set ? [[Number(hours), starts] as const] : [];
  });
  return own.length === 0 ? undefined : Object.fromEntries(own);
}

/** The fewest records of one time with all of these zones, in which all jobs can end. */
function recordsOf(folder: DataFolder, zones: readonly string[], starts: Starts = {}): Recorded[] | undefined {
  const fits = (records: readonly Recorded[]) =>
    Object.entries(starts).every(([hours, all]) => Math.max(...all) <= ticksToStartIn(records, Number(hours)));
  return (['availability-more', 'availability'] as const)
    .flatMap((name) => [...recordedTogether(folder.records(name)).values()])
    .map((records) => cover(records, zones))
    .find((records) => records !== undefined && fits(records));
}

/** Records of one instance type, with equal steps, that began on the same day. */
function recordedTogether(records: readonly Recorded[]): Map<string, Recorded[]> {
  const name = ({ instanceType, stepSeconds, startUtc }: Recorded['group']) =>
    `${instanceType ?? 'unknown type'}, ${startUtc?.slice(0, 10) ?? 'unknown day'}, ${stepSeconds} s`;
  return Map.groupBy(records, ({ group }) => name(group));
}

/** Takes the record with most of the zones, and again, until all are found. The order of the records is kept. */
function cover(records: readonly Recorded[], zones: readonly string[]): Recorded[] | undefined {
  const taken: Recorded[] = [];
  let left = zones;
  while (left.length > 0) {
    const found = ({ group }: Recorded) => group.pools.filter(({ id }) => left.includes(id)).length;
    const [best] = records.toSorted((a, b) => found(b) - found(a));
    if (!best || found(best) === 0) return undefined;
    taken.push(best);
    left = left.filter((zone) => !best.group.pools.some(({ id }) => id === zone));
  }
  return records.filter((record) => taken.includes(record));
}

function withoutFile(folder: DataFolder, draw: (records: readonly Recorded[]) => Starts): JobSet[] {
  folder.notPlayed.add('b2.json is absent: jobs have all pools of an instance type that were recorded together');
  const further = folder.records('availability-more');
  const together = recordedTogether(further.length > 0 ? further : folder.records('availability'));
  return [...together].flatMap(([name, records]): JobSet[] => {
    const zones = [...new Set(records.flatMap(({ group }) => group.pools.map(({ id }) => id)))];
    if (zones.length === 1) return [];
    const chosen = cover(records, zones)!;
    return [{ name, zones, files: chosen.map(({ path }) => path), starts: draw(chosen) }];
  });
}

/** The number of ticks in which a job with this deadline may start, in records that began together. */
export function ticksToStartIn(records: readonly Pick<Recorded, 'group'>[], hours: number): number {
  const { stepSeconds } = records[0]!.group;
  return Math.min(...records.map(({ group }) => group.steps)) - Math.floor((hours * 3600) / stepSeconds);
}
