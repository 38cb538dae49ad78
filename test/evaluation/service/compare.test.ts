import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readPoolGroup } from '../../../evaluation/data/pool-group.ts';
import { compareOnTrace } from '../../../evaluation/service/compare.ts';
import { describeRecorded, recordedData } from '../../support/evaluation/recorded-data.ts';

describeRecorded('policy A on a trace, by what it is told', () => {
  const path = join(recordedData, 'availability/sky23apr-usw2-p3.2xlarge.json');
  const dayMs = 86_400_000;

  it('does with all that was seen what it does with everything, and otherwise with nothing', () => {
    const group = readPoolGroup(path);
    const stepMs = group.stepSeconds * 1000;
    const everything = compareOnTrace(
      path,
      0.9995,
      (zone, at) => (group.pools.find(({ id }) => id === zone)!.up[at / stepMs] ? 'up' : 'down'),
      3 * dayMs,
    );
    expect(everything.observed).toEqual(everything.all);
    const nothing = compareOnTrace(path, 0.9995, () => 'unknown', 3 * dayMs);
    expect(nothing.all).toEqual(everything.all);
    expect(nothing.observed.costRel).not.toBeCloseTo(nothing.all.costRel, 3);
    for (const { availability } of Object.values(everything)) expect(availability).toBeGreaterThan(0.9995 - 5e-4);
  });
});
