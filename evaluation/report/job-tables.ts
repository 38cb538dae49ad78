import { jobBound } from '../jobs/line-up.ts';
import type { JobRow } from '../run/rows.ts';
import { mean } from './statistics.ts';
import type { Table } from './text-table.ts';

/** The share of the possible savings that each policy achieves on a set's jobs, by deadline and overall. */
export function jobTable(rows: readonly JobRow[], set: string): Table {
  const own = rows.filter((row) => row.set === set);
  const deadlines = [...new Set(own.map(({ hours }) => hours))].sort((a, b) => a - b);
  const costsOf = (policy: string, hours?: number) =>
    mean(
      own
        .filter((row) => row.policy === policy && (hours === undefined || row.hours === hours))
        .flatMap(({ costs }) => costs),
    );
  const gap = (policy: string, hours?: number) => {
    const alone = costsOf('on-demand', hours);
    return (alone - costsOf(policy, hours)) / (alone - costsOf(jobBound, hours));
  };
  const jobs = own.filter(({ policy }) => policy === jobBound).reduce((sum, { costs }) => sum + costs.length, 0);
  const policies = [...new Set(own.map(({ policy }) => policy))];
  return {
    title: `Jobs with a deadline, ${set} (${jobs} jobs): gap closed by hours until the deadline`,
    head: [
      'policy',
      ...deadlines.map((hours) => `${hours} h`),
      'all',
      'mean cost',
      'misses',
      'launches',
      'on-demand h',
    ],
    rows: policies.map((policy) => {
      const played = own.filter((row) => row.policy === policy);
      const sum = (of: (row: JobRow) => number) => played.reduce((total, row) => total + of(row), 0);
      return [
        policy,
        ...deadlines.map((hours) => gap(policy, hours).toFixed(4)),
        gap(policy).toFixed(4),
        costsOf(policy).toFixed(3),
        String(sum(({ misses }) => misses)),
        policy === jobBound ? '-' : (sum(({ launches }) => launches) / jobs).toFixed(1),
        policy === jobBound ? '-' : (sum(({ onDemandHours }) => onDemandHours) / jobs).toFixed(2),
      ];
    }),
  };
}
