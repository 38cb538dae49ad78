import { describe, expect, it } from 'vitest';
import { help, readOptions } from '../../../../local/fleet/run/options.ts';

describe('options', () => {
  it('have defaults', () => {
    expect(readOptions([])).toMatchObject({ agents: 20, days: 7, pollSeconds: 3600, port: 5000, seed: 1, exit: false });
    expect(readOptions(['--cadence', 'true'])).toMatchObject({ pollSeconds: undefined });
    expect(readOptions(['--help'])).toBe('help');
  });

  it.each([
    [['--agents', 'many'], '--agents many: expected a whole number from 1 to 10000'],
    [['--agents', '1.5'], '--agents 1.5: expected a whole number'],
    [['--days', '0'], '--days 0: expected a number above 0 to 3650'],
    [['--poll', '30'], '--poll 30: expected a time'],
    [['--cadence', 'fast'], '--cadence fast: expected coarse or true'],
    [['--cadence', 'true', '--poll', '5m'], '--poll is the period of coarse cadence'],
    [['--v32-share', '0.6', '--merged-share', '0.5'], 'are more than 1 together: expected at most 1'],
    [['--v32-share', '2'], '--v32-share 2: expected a number from 0 to 1'],
    [['--nonsense'], '--nonsense'],
    [['file.csv'], 'file.csv'],
    [['--agents'], '--agents'],
  ])('refuse %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });

  it('are all explained', () => {
    for (const option of [
      'prices',
      'agents',
      'days',
      'v32-share',
      'merged-share',
      'cadence',
      'poll',
      'seed',
      'port',
      'fresh',
      'exit',
    ])
      expect(help).toContain(`--${option}`);
  });
});

describe('options about interruptions', () => {
  const trace = ['--availability', 'trace.json'];

  it('have defaults, and play the whole trace', () => {
    expect(readOptions(trace)).toMatchObject({
      availability: 'trace.json',
      days: 3650,
      noticeSeconds: 120,
      rebalanceShare: 0,
      autoRecoverySeconds: 600,
      launchSeconds: 90,
      bootFailures: 0,
      throttledLaunches: 0,
      hangsPerWeek: 0,
      outagesPerWeek: 0,
      events: true,
      eventLoss: 0.01,
      eventDuplicates: 0.01,
    });
    expect(readOptions([...trace, '--events', 'false'])).toMatchObject({ events: false });
    expect(readOptions([...trace, '--days', '1'])).toMatchObject({ days: 1 });
  });

  it.each([
    [[...trace, '--prices', 'p.csv'], '--availability and --prices exclude each other'],
    [['--notice', '60s'], '--notice is about interruptions, which only --availability FILE plays'],
    [['--prices', 'p.csv', '--hangs', '1'], '--hangs is about interruptions'],
    [[...trace, '--notice', '20s'], '--notice 20s: expected a time from 30s to 120s'],
    [[...trace, '--notice', '3m'], '--notice 3m: expected a time from 30s to 120s'],
    [[...trace, '--rebalance-share', '1.1'], '--rebalance-share 1.1: expected a number from 0 to 1'],
    [[...trace, '--boot-failures', '1'], '--boot-failures 1: expected a number from 0 to 0.9'],
    [[...trace, '--throttled-launches', '1'], '--throttled-launches 1: expected a number from 0 to 0.9'],
    [[...trace, '--outages', '-1'], '--outages'],
    [[...trace, '--outages=-1'], '--outages -1: expected a number from 0 to 1000'],
    [['--events', 'false'], '--events is about interruptions'],
    [[...trace, '--events', 'no'], '--events no: expected true or false'],
    [[...trace, '--event-loss', '1.1'], '--event-loss 1.1: expected a number from 0 to 1'],
    [[...trace, '--event-duplicates', '2'], '--event-duplicates 2: expected a number from 0 to 1'],
    [[...trace, '--auto-recovery-after', '1m'], '--auto-recovery-after 1m: expected a time from 120s'],
  ])('refuse %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });

  it('are all explained', () => {
    const options = [
      'availability',
      'notice',
      'rebalance-share',
      'auto-recovery-after',
      'launch-time',
      'boot-failures',
      'throttled-launches',
      'hangs',
      'outages',
      'events',
      'event-loss',
      'event-duplicates',
    ];
    for (const option of options) expect(help).toContain(`--${option}`);
  });
});
