import type { StandbyRow } from '../run/rows.ts';
import type { Table } from './text-table.ts';

/** Sums over all groups. */
export function standbyTable(rows: readonly StandbyRow[]): Table {
  const groups = new Set(rows.map(({ group }) => group)).size;
  return {
    title: `Standbys on traces of three pools or more (${groups} groups)`,
    head: ['placed by', 'failovers', 'without a standby', 'avoidable', 'standbys lost', 'launches', 'cost'],
    rows: [...Map.groupBy(rows, ({ policy }) => policy)].map(([policy, own]) => {
      const sum = (of: 'failovers' | 'uncovered' | 'avoidable' | 'lost' | 'launches' | 'hours' | 'cost') =>
        own.reduce((total, { result }) => total + result[of], 0);
      return [
        policy,
        ...[sum('failovers'), sum('uncovered'), sum('avoidable'), sum('lost'), sum('launches')].map(String),
        (sum('cost') / sum('hours')).toFixed(3),
      ];
    }),
  };
}
