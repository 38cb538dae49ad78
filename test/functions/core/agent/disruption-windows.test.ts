import { describe, expect, it } from 'vitest';
import {
  type Day,
  type DisruptionWindows,
  days,
  isInWindow,
  isTimeZone,
  nextWindows,
} from '../../../../functions/core/agent/disruption-windows.ts';
import fc from '../../../support/fast-check.ts';

const windows = (timeZone: string, from: string, to: string, on: readonly Day[] = days): DisruptionWindows => ({
  timeZone,
  windows: [{ days: on, from, to }],
});
const next = (given: DisruptionWindows, now: string, count = 1) =>
  nextWindows(given, new Date(now), count).map(
    ({ from, to }) => `${from.toISOString().slice(0, 16)}/${to.toISOString().slice(0, 16)}`,
  );

describe('disruption windows', () => {
  it('are always open if none are set', () => {
    expect(isInWindow(null, new Date())).toBe(true);
    expect(nextWindows(null, new Date(), 5)).toEqual([]);
  });

  it('open and close by the clocks of their zone', () => {
    const night = windows('America/New_York', '22:00', '23:30');
    expect(isInWindow(night, new Date('2026-01-15T02:59:59Z'))).toBe(false);
    expect(isInWindow(night, new Date('2026-01-15T03:00:00Z'))).toBe(true);
    expect(isInWindow(night, new Date('2026-01-15T04:29:59Z'))).toBe(true);
    expect(isInWindow(night, new Date('2026-01-15T04:30:00Z'))).toBe(false);
  });

  it('extend past midnight into a day on which none begins', () => {
    const saturday = windows('Europe/Berlin', '23:00', '04:00', ['sat']);
    expect(isInWindow(saturday, new Date('2026-01-18T02:30:00Z'))).toBe(true); // Sunday, 03:30
    expect(isInWindow(saturday, new Date('2026-01-18T22:30:00Z'))).toBe(false); // Sunday, 23:30
  });

  it('of a whole day last 23 or 25 hours when clocks change', () => {
    const sunday = windows('Europe/Berlin', '00:00', '00:00', ['sun']);
    expect(next(sunday, '2026-03-28T12:00:00Z')).toEqual(['2026-03-28T23:00/2026-03-29T22:00']); // 23 hours
    expect(next(sunday, '2026-10-24T12:00:00Z')).toEqual(['2026-10-24T22:00/2026-10-25T23:00']); // 25 hours
  });

  it.each([
    [
      'a time that clocks leave out is an hour later',
      'Europe/Berlin',
      '02:30',
      '05:00',
      '2026-03-29T00:00:00Z',
      '2026-03-29T01:30/2026-03-29T03:00',
    ],
    [
      'a time that they show twice is its first',
      'Europe/Berlin',
      '02:30',
      '05:00',
      '2026-10-25T00:00:00Z',
      '2026-10-25T00:30/2026-10-25T04:00',
    ],
    [
      'half an hour of daylight saving',
      'Australia/Lord_Howe',
      '02:15',
      '03:00',
      '2026-10-03T15:00:00Z',
      '2026-10-03T15:45/2026-10-03T16:00',
    ],
    [
      'a zone without it',
      'Asia/Kolkata',
      '02:30',
      '05:00',
      '2026-03-29T00:00:00Z',
      '2026-03-29T21:00/2026-03-29T23:30',
    ],
  ])('%s', (_, zone, from, to, now, expected) => expect(next(windows(zone, from, to), now)).toEqual([expected]));

  it('are listed from the open one on, five of them, weeks ahead if they are rare', () => {
    const given = windows('UTC', '01:00', '02:00', ['mon']);
    expect(next(given, '2026-03-02T01:30:00Z', 5)).toEqual(
      [2, 9, 16, 23, 30].map(
        (d) => `2026-03-${String(d).padStart(2, '0')}T01:00/2026-03-${String(d).padStart(2, '0')}T02:00`,
      ),
    );
  });

  it('are listed in order for any zone and time, and are open exactly when the first has begun', () => {
    const zone = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'Africa/Casablanca',
    );
    const time = fc
      .integer({ min: 0, max: 24 * 60 - 1 })
      .map((n) => `${String(Math.floor(n / 60)).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}`);
    const now = fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(zone, time, time, fc.subarray([...days], { minLength: 1 }), now, (timeZone, from, to, on, at) => {
        const given = windows(timeZone, from, to, on);
        const ahead = nextWindows(given, at, 5);
        expect(ahead).toHaveLength(5);
        for (const [n, one] of ahead.entries()) {
          expect(one.from < one.to && one.to > at).toBe(true);
          if (n > 0) expect(one.from > ahead[n - 1]!.from).toBe(true);
        }
        expect(isInWindow(given, at)).toBe(ahead[0]!.from <= at);
      }),
      { numRuns: 300 },
    );
  });

  it('know zones', () => expect(['Europe/Berlin', 'UTC', 'Mars/Olympus'].map(isTimeZone)).toEqual([true, true, false]));
});
