import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Folder } from '../data/data-folder.ts';
import type { JobRow, Row, ServiceRow, StandbyRow } from '../run/rows.ts';
import type { ProfileName } from '../service/profile.ts';
import { jobChart } from './job-chart.ts';
import { jobTable } from './job-tables.ts';
import { costChart } from './service-chart.ts';
import { serviceScores, serviceTable } from './service-tables.ts';
import { standbyTable } from './standby-table.ts';
import { render } from './text-table.ts';

/** The tables of an evaluation, as text. */
function tablesOf(rows: readonly Row[]): string {
  const { services, jobs, standbys } = byKind(rows);
  const pairs: [Folder, ProfileName][] = [
    ['availability', 'target'],
    ['availability', 'warm'],
    ['availability', 'cold'],
    ['availability-more', 'target'],
    ['prices', 'target'],
  ];
  const tables = pairs
    .filter(([set, profile]) => services.some((row) => row.set === set && row.profile === profile))
    .map(([set, profile]) => serviceTable(serviceScores(services, set, profile), set, profile));
  const sets = [...new Set(jobs.map(({ set }) => set))];
  const placements = standbys.length === 0 ? [] : [standbyTable(standbys)];
  return [...tables, ...sets.map((set) => jobTable(jobs, set)), ...placements].map(render).join('\n\n');
}

/** The tables, and a line for each reason why something was not played. */
export const reportOf = (rows: readonly Row[], notPlayed: readonly string[]): string =>
  [tablesOf(rows), ...(notPlayed.length === 0 ? [] : [notPlayedList(notPlayed)])].join('\n\n');

const notPlayedList = (notPlayed: readonly string[]): string =>
  ['## Not played', '', ...notPlayed.map((line) => `* ${line}`)].join('\n');

/** Writes the report, all results, and a chart for each group and each set of jobs to a folder. @returns the number of charts */
export function writeReport(out: string, rows: readonly Row[], report: string): number {
  mkdirSync(join(out, 'charts'), { recursive: true });
  writeFileSync(join(out, 'tables.md'), `# Evaluation\n\n${report}\n`);
  writeFileSync(join(out, 'results.json'), `${JSON.stringify(rows)}\n`);
  const { services, jobs } = byKind(rows);
  const target = services.filter(({ profile }) => profile === 'target');
  const charts = [
    ...[...Map.groupBy(target, ({ group }) => group)].map(([group, own]) => [group, costChart(group, own)] as const),
    ...[...Map.groupBy(jobs, ({ set }) => set)].map(([set, own]) => [`jobs ${set}`, jobChart(set, own)] as const),
  ];
  for (const [name, svg] of charts) writeFileSync(join(out, 'charts', `${name.replaceAll(/[^\w.]+/g, '-')}.svg`), svg);
  return charts.length;
}

function byKind(rows: readonly Row[]): { services: ServiceRow[]; jobs: JobRow[]; standbys: StandbyRow[] } {
  return {
    services: rows.filter((row) => row.kind === 'service'),
    jobs: rows.filter((row) => row.kind === 'jobs'),
    standbys: rows.filter((row) => row.kind === 'standbys'),
  };
}
