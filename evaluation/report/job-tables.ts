import { jobBound } from '../jobs/line-up.ts';
import type { JobRow } from '../run/rows.ts';
import { JobCosts } from './job-costs.ts';
import type { Table } from './text-table.ts';

/** The share of the possible savings that each policy achieves on a set's jobs, by deadline and overall. */
export function jobTable(rows: readonly JobRow[], set: string): Table {
  const own = rows.filter((row) => row.set === set);
  const costs = new JobCosts(own);
  const jobs = own.filter(({ policy }) => policy === jobBound).reduce((sum, { costs }) => sum + costs.length, 0);
  return {
    title: `Jobs with a deadline, ${set} (${jobs} jobs): gap closed by hours until the deadline`,
    head: [
      'policy',
      ...costs.deadlines.map((hours) => `${hours} h`),
      'all',
      'mean cost',
      'misses',
      'launches',
      'on-demand h',
    ],
    rows: costs.policies.map((policy) => {
      const played = own.filter((row) => row.policy === policy);
      const sum = (of: (row: JobRow) => number) => played.reduce((total, row) => total + of(row), 0);
      return [
        policy,
        ...costs.deadlines.map((hours) => costs.gap(policy, hours).toFixed(4)),
        costs.gap(policy).toFixed(4),
        costs.mean(policy).toFixed(3),
        String(sum(({ misses }) => misses)),
        policy === jobBound ? '-' : (sum(({ launches }) => launches) / jobs).toFixed(1),
        policy === jobBound ? '-' : (sum(({ onDemandHours }) => onDemandHours) / jobs).toFixed(2),
      ];
    }),
  };
}
