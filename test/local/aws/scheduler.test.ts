import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Job, JobEvent } from '../../../functions/jobs.ts';
import { parseSchedule } from '../../../local/aws/schedule.ts';
import { Scheduler } from '../../../local/aws/scheduler.ts';
import { VirtualClock } from '../../../local/clock.ts';

const start = new Date('2026-01-12T10:00:30Z');
const at = (time: string) => new Date(`2026-01-12T${time}Z`);

function given(jobs: Record<string, Job['every']>, run: (event: JobEvent) => unknown = () => {}) {
  const clock = new VirtualClock(start);
  const said: string[] = [];
  const scheduler = new Scheduler({
    jobs: Object.fromEntries(Object.entries(jobs).map(([name, every]) => [name, { every }])),
    clock,
    run: async (event) => run(event),
    say: (line) => said.push(line),
  });
  return { clock, scheduler, said };
}

describe('Scheduler', () => {
  it('runs nothing before a job is first due', async () => {
    const { clock, scheduler } = given({ decide: 'rate(1 minute)' });
    clock.set(at('10:00:59'));
    expect(await scheduler.runDue()).toEqual([]);
  });

  it('runs a job once per period, and tells it the time it was due', async () => {
    const { clock, scheduler } = given({ decide: 'rate(1 minute)' });
    clock.set(at('10:01:10'));
    expect(await scheduler.runDue()).toEqual([{ job: 'decide', time: '2026-01-12T10:01:00.000Z' }]);
    clock.set(at('10:01:50'));
    expect(await scheduler.runDue()).toEqual([]);
    clock.set(at('10:02:00'));
    expect(await scheduler.runDue()).toEqual([{ job: 'decide', time: '2026-01-12T10:02:00.000Z' }]);
  });

  it('makes only the latest run of each job after a jump in time, earliest first', async () => {
    const { clock, scheduler } = given({ minutely: 'rate(1 minute)', hourly: 'rate(1 hour)', daily: 'rate(1 day)' });
    clock.set(at('15:30:20'));
    expect(await scheduler.runDue()).toEqual([
      { job: 'hourly', time: '2026-01-12T15:00:00.000Z' },
      { job: 'minutely', time: '2026-01-12T15:30:00.000Z' },
    ]);
  });

  it('says what is due without running it', () => {
    const { scheduler } = given({ decide: 'rate(5 minutes)' });
    const expected = [{ job: 'decide', time: '2026-01-12T10:05:00.000Z' }];
    expect(scheduler.due(at('10:07:00'))).toEqual(expected);
    expect(scheduler.due(at('10:07:00'))).toEqual(expected);
  });

  it('names a job that fails, runs the others, and retries that run once a minute later, as Lambda does', async () => {
    const ran: string[] = [];
    const { clock, scheduler, said } = given({ broken: 'rate(5 minutes)', sound: 'rate(5 minutes)' }, (event) => {
      ran.push(`${event.job} ${event.time.slice(11, 16)}`);
      if ((event.job as string) === 'broken') throw new Error('no pools');
    });
    clock.set(at('10:05:00'));
    await scheduler.runDue();
    await scheduler.runDue();
    expect(ran).toEqual(['broken 10:05', 'sound 10:05']);
    expect(said).toEqual([expect.stringMatching(/broken.*once.*no pools/s)]);

    for (const time of ['10:05:59', '10:06:00', '10:07:00']) {
      clock.set(at(time));
      await scheduler.runDue();
    }
    expect(ran.slice(2)).toEqual(['broken 10:05']);
    expect(said.slice(1)).toEqual([expect.stringMatching(/broken.*for the second time.*no pools/s)]);

    clock.set(at('10:10:00'));
    await scheduler.runDue();
    expect(ran.slice(3)).toEqual(['broken 10:10', 'sound 10:10']);
  });

  it('does not start what has become due while it still runs what was due before', async () => {
    const job = Promise.withResolvers<void>();
    const began: string[] = [];
    const { clock, scheduler } = given({ decide: 'rate(1 minute)' }, ({ time }) => {
      began.push(time);
      return job.promise;
    });
    clock.set(at('10:01:00'));
    const first = scheduler.runDue();
    await Promise.resolve();
    clock.set(at('10:02:00'));
    const second = scheduler.runDue();
    await new Promise(setImmediate);
    expect(began).toEqual(['2026-01-12T10:01:00.000Z']);
    job.resolve();
    await Promise.all([first, second]);
    expect(began).toEqual(['2026-01-12T10:01:00.000Z', '2026-01-12T10:02:00.000Z']);
  });

  it('refuses an invalid expression when it is created, not when a run would be due', () => {
    expect(() => given({ decide: 'rate(1 fortnight)' })).toThrow('rate(1 fortnight)');
  });
});

describe('Scheduler.start', () => {
  afterEach(() => vi.useRealTimers());

  it('follows the clock until it is stopped', async () => {
    vi.useFakeTimers();
    const ran: string[] = [];
    const { clock, scheduler } = given({ decide: 'rate(1 minute)' }, ({ time }) => ran.push(time));
    scheduler.start();
    clock.set(at('10:01:00'));
    await vi.advanceTimersByTimeAsync(1000);
    clock.set(at('10:02:00'));
    await vi.advanceTimersByTimeAsync(1000);
    await scheduler.stop();
    clock.set(at('10:03:00'));
    await vi.advanceTimersByTimeAsync(5000);
    expect(ran).toEqual(['2026-01-12T10:01:00.000Z', '2026-01-12T10:02:00.000Z']);
  });

  it('waits for the running job when it is stopped', async () => {
    vi.useFakeTimers();
    const job = Promise.withResolvers<void>();
    const { clock, scheduler } = given({ decide: 'rate(1 minute)' }, () => job.promise);
    scheduler.start();
    clock.set(at('10:01:00'));
    await vi.advanceTimersByTimeAsync(1000);
    let stopped = false;
    const stop = scheduler.stop().then(() => {
      stopped = true;
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stopped).toBe(false);
    job.resolve();
    await stop;
  });
});

describe('parseSchedule', () => {
  const day = (date: string) => new Date(`${date}T00:00:00Z`);

  it.each([
    ['rate(2 hours)', '2026-01-12T16:00:00.000Z'],
    ['rate(7 days)', '2026-01-08T00:00:00.000Z'],
    ['cron(15 3 * * ? *)', '2026-01-12T03:15:00.000Z'],
    ['cron(0 * * * * *)', '2026-01-12T17:00:00.000Z'],
    ['cron(30 17 12 1 ? 2026)', '2026-01-12T17:30:00.000Z'],
    ['cron(0 0 1 * ? *)', '2026-01-01T00:00:00.000Z'],
    ['cron(0 4 ? * 1 *)', '2026-01-11T04:00:00.000Z'], // 1 is Sunday
  ])('%s was due at %s', (expression, expected) => {
    const due = parseSchedule(expression)(day('2025-12-31'), new Date('2026-01-12T17:30:00Z'));
    expect(due?.toISOString()).toBe(expected);
  });

  it('returns only a time after the given one', () => {
    const schedule = parseSchedule('cron(0 0 1 * ? *)');
    expect(schedule(day('2026-01-01'), new Date('2026-01-31T23:59:59Z'))).toBeUndefined();
    expect(schedule(day('2026-01-01'), day('2026-02-01'))).toEqual(day('2026-02-01'));
  });

  it.each([
    'rate(0 minutes)',
    'rate(x)',
    'cron(0 0 * *)',
    'cron(*/5 * * * ? *)',
    'cron(0 0 ? * MON *)',
    'at(2026-01-12)',
  ])('refuses %s', (expression) => expect(() => parseSchedule(expression)).toThrow());
});

describe('VirtualClock', () => {
  it('only goes forward', () => {
    const clock = new VirtualClock(start);
    clock.set(start);
    expect(() => clock.set(new Date(start.getTime() - 1))).toThrow(RangeError);
    expect(() => clock.set(new Date(Number.NaN))).toThrow(RangeError);
    expect(clock.now()).toEqual(start);
  });
});
