import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readPoolGroup } from '../../../evaluation/data/pool-group.ts';
import { compareOnTrace } from '../../../evaluation/service/compare.ts';
import { describeRecorded, recordedData } from '../../support/evaluation/recorded-data.ts';

describeRecorded('policy A on a trace, by what it is told', () => {
  const path = join(recordedData, 'availability/sky23apr-usw2-p3.2xlarge.json');
  const dayMs = 86_400_000;

  const group = readPoolGroup(path);
  const stepMs = group.stepSeconds * 1000;
  const whole = (zone: string, at: number) =>
    group.pools.find(({ id }) => id === zone)!.up[at / stepMs] ? 'up' : 'down';
  const zones = group.pools.map(({ id }) => id);
  const from = new Date('2026-03-02T00:00:00Z');
  const run = { path, target: 0.9995, seen: whole, from, lastsMs: 3 * dayMs, places: [{ zones, agents: 4 }] } as const;

  it('does nearly the same when all was observed as with the whole trace, but not when nothing was observed', () => {
    const everything = compareOnTrace(run);
    // For .6 of the first day, little has been observed so far, and the prior paces.
    expect(everything.observed.costRel).toBeCloseTo(everything.all.costRel, 2);
    const nothing = compareOnTrace({ ...run, seen: () => 'unknown' });
    expect(nothing.all).toEqual(everything.all);
    expect(nothing.observed.costRel).not.toBeCloseTo(nothing.all.costRel, 2);
    for (const { availability } of Object.values(everything)) expect(availability).toBeGreaterThan(0.9995 - 5e-4);
  });

  it('has a downtime budget for each calendar week', () => {
    const [onMonday, onSunday] = ['2026-03-02T00:00:00Z', '2026-03-01T00:00:00Z'].map(
      (at) => compareOnTrace({ ...run, from: new Date(at) }).all,
    );
    // A run that starts on Sunday gets a new budget on Monday.
    expect(onSunday!.availability).toBeLessThan(onMonday!.availability);
    expect(onSunday!.costRel).toBeLessThan(onMonday!.costRel);
  });

  it('is scored by the mean over agents, each in the zones of its own region', () => {
    const [first, second] = zones.map((zone) => compareOnTrace({ ...run, places: [{ zones: [zone], agents: 1 }] }).all);
    const places = zones.map((zone, i) => ({ zones: [zone], agents: 1 + 2 * i }));
    const { all } = compareOnTrace({ ...run, places });
    expect(all.costRel).toBeCloseTo(first!.costRel / 4 + (3 * second!.costRel) / 4, 9);
    expect(first!.costRel).not.toBeCloseTo(second!.costRel, 3);
  });
});
