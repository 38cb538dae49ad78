import { describe, expect, it } from 'vitest';
import { DataError } from '../../evaluation/data/data-error.ts';
import { readJobSet } from '../../evaluation/data/read-job-set.ts';
import { type Part, parts } from '../../evaluation/options.ts';
import { type Task, tasksFor } from '../../evaluation/run/tasks.ts';
import { evaluate } from '../support/evaluation/evaluate.ts';
import { madeUpFolder, madeUpRecord } from '../support/evaluation/made-up-data.ts';
import { temporaryFolder } from '../support/run/temporary-folder.ts';

const tasksOf = (files: Readonly<Record<string, unknown>>, only: readonly Part[] = parts) =>
  tasksFor({ data: madeUpFolder(files), only, groups: undefined });
const setsOf = (tasks: readonly Task[]) => tasks.filter((task) => task.kind === 'pools');

describe('a data folder of any names', () => {
  it('is played as far as it goes, and the report says what is absent', async () => {
    const data = madeUpFolder({ 'availability/mine.json': madeUpRecord(['eu-north-1b', 'eu-north-1c']) });
    const { status, stdout } = await evaluate(data, '--out', temporaryFolder('evaluation'));
    expect(status).toBe(0);
    expect(stdout).toContain('## Services on traces of availability, profile target (1 groups)');
    expect(stdout).toContain('## Jobs with a deadline, one pool (400 jobs)');
    expect(stdout).toContain('## Jobs with a deadline, c9.large, 2027-01-04, 600 s (200 jobs)');
    expect(stdout).not.toContain('NaN');
    expect(stdout).toContain(`## Not played

* absent: availability-more/, prices/
* b2.json is absent: jobs have all pools of an instance type that were recorded together
* fewer than 3 pools, so standbys have no choice: availability/mine
`);
  });

  it.each([parts.join(','), 'pools'])('that is empty is an error that says what should be in it: %s', async (only) => {
    const { status, stderr } = await evaluate(madeUpFolder({}), '--only', only);
    expect(status).toBe(2);
    expect(stderr).toContain('has nothing that can be played. It should have records');
    expect(stderr).toContain('absent: ');
  });

  it('has services in each record of at least five days, even if two have the same id', () => {
    const { tasks, notPlayed } = tasksOf({
      'availability/a.json': madeUpRecord(['x-1a']),
      'availability/b.json': madeUpRecord(['x-1a']),
      'availability/c.json': madeUpRecord(['x-1a'], { stepSeconds: 300 }),
      'availability/dead.json': madeUpRecord(['x-1a'], { onDemandPrice: 0.3 }),
      'prices/d.json': madeUpRecord(['x-1a']),
    });
    const names = tasks.flatMap((task) => (task.kind === 'service' && task.profile === 'target' ? [task.name] : []));
    expect(names).toEqual(['availability/a', 'availability/b', 'prices/d']);
    expect(notPlayed).toContain('shorter than 5 days: availability/c');
    expect(notPlayed).toContain('no pool is ever cheaper than on-demand: availability/dead');
  });

  it('has jobs in all pools; records in steps that the golden results do not have change no starts', () => {
    const golden = { 'availability/b.json': madeUpRecord(['x-1a', 'x-1b']) };
    const other = { 'availability/a.json': madeUpRecord(['x-1a'], { stepSeconds: 900 }) };
    const alone = tasksOf(golden, ['jobs']).tasks;
    const both = tasksOf({ ...golden, ...other }, ['jobs']).tasks;
    const starts = (tasks: readonly Task[], set: string) =>
      tasks.flatMap((task) => (task.kind === 'jobs' && task.set === set ? task.starts : []));
    expect(starts(alone, 'one pool')).toHaveLength(2 * 5 * 40);
    expect(starts(both, 'one pool')).toEqual(starts(alone, 'one pool'));
    expect(starts(both, 'one pool, 900 s')).toHaveLength(5 * 40);
    const kept = madeUpRecord(['x-1a'], { kind: 'preemption', stepSeconds: 900 });
    const { tasks, notPlayed } = tasksOf({ 'availability/kept.json': kept }, ['jobs']);
    expect(tasks).toEqual([]);
    expect(notPlayed).toEqual([
      'no jobs, as instances were kept running and steps are not of 195 or 600 s: availability/kept',
    ]);
  });
});

describe('the sets of b2.json', () => {
  const records = {
    'availability-more/one.json': madeUpRecord(['x-1a', 'x-1b']),
    'availability-more/two.json': madeUpRecord(['y-2a', 'y-2b']),
    'availability-more/later.json': madeUpRecord(['z-3a'], { startUtc: '2027-02-01T00:00:00Z' }),
    'availability/two-again.json': madeUpRecord(['y-2a', 'y-2b']),
  };
  const pools = { wide: ['x-1b', 'y-2a'], narrow: ['y-2b'], torn: ['x-1a', 'z-3a'], gone: ['w-4a'] };

  it('are those of the file, in the records that have their pools', () => {
    const jobs = { 'wide-52': { starts: [7, 8] }, 'wide-61': { starts: [9] } };
    const { tasks, notPlayed } = tasksOf({ ...records, 'b2.json': { pools, jobs } }, ['pools']);
    const sets = setsOf(tasks);
    const wide = sets.filter(({ set }) => set.name === 'wide');
    expect(wide).toMatchObject([
      { hours: 52, starts: [7, 8] },
      { hours: 61, starts: [9] },
    ]);
    const world = readJobSet(wide[0]!.set);
    expect(world.pools.map(({ id }) => id)).toEqual(['x-1b', 'y-2a']);
    expect(world.regions.map(({ name }) => name)).toEqual(['x-1', 'y-2']);
    const narrow = sets.filter(({ set }) => set.name === 'narrow');
    expect(narrow.map(({ hours, starts }) => [hours, starts.length])).toEqual(
      [52, 56, 60, 72, 92].map((hours) => [hours, 40]),
    );
    expect(narrow[0]!.set.files[0]).toMatch(/availability-more\/two\.json$/);
    expect(notPlayed).toEqual([
      'sets of b2.json without records of one type and day that have all their pools and starts: torn, gone',
    ]);
  });

  it('are not played on records in which their jobs cannot end', () => {
    const jobs = { 'narrow-52': { starts: [864 - 312 + 1] } };
    expect(setsOf(tasksOf({ ...records, 'b2.json': { pools, jobs } }, ['pools']).tasks)).not.toContainEqual(
      expect.objectContaining({ set: expect.objectContaining({ name: 'narrow' }) }),
    );
  });

  it('have to be as they should', () => {
    expect(() => tasksOf({ ...records, 'b2.json': { pools: [] } }, ['pools'])).toThrow(DataError);
  });

  it('are, without the file, the pools that were recorded together', () => {
    const sets = setsOf(tasksOf(records, ['pools']).tasks);
    expect(new Set(sets.map(({ set }) => set.name))).toEqual(new Set(['c9.large, 2027-01-04, 600 s']));
    expect(sets[0]!.set.zones).toEqual(['x-1a', 'x-1b', 'y-2a', 'y-2b']);
  });
});
