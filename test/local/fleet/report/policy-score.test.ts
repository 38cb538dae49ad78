import { expect, it } from 'vitest';
import { policyRows } from '../../../../local/fleet/report/policy-score.ts';

it('a run of agents with a target is compared with what the evaluation makes of its trace', () => {
  const simulated = (costRel: number) => ({ costRel, availability: 0.9996, onDemandFraction: 0.2 });
  const results = { blind: simulated(0.5), observed: simulated(0.42), all: simulated(0.41) };
  const rows = policyRows(
    {
      target: 99.95,
      observedShare: 0.62,
      simulated: results,
      primaries: { usd: 43, onDemandUsd: 21 },
    } as unknown as Parameters<typeof policyRows>[0],
    { actual: 45, baseline: 100 },
    {
      uptimes: [{ agent: 'a', version: '4', totalSeconds: 100_000, downSeconds: 30, gaps: 1 }],
      cutovers: 4,
    } as unknown as Parameters<typeof policyRows>[2],
  );
  expect(rows[0]).toEqual(['this fleet', '45.0 %', 'of on-demand, 99.950 % available; the target is 99.95 %']);
  expect(rows.slice(1, 3).map(([label, figure]) => [String(label).trim(), figure])).toEqual([
    ['on-demand', '21.0 %'],
    ['beside primaries', '2.0'],
  ]);
  expect(rows.find(([label]) => label === 'above what this fleet saw')?.[1]).toBe('3.0');
  expect(rows.at(-1)).toEqual(['seen of the pools', '62.0 %', 'of their periods of ten minutes']);
});
