import type { Fleet } from '../run/fleet.ts';
import { availabilityOf, type Failover, paths } from '../run/workloads.ts';
import { announcementRows, eventRows } from './event-report.ts';
import { type InterruptionBooks, percentile } from './leak-check.ts';

type Cells = readonly (string | number)[];

/** What the evaluation's target profile takes for each cutover, planned or not (design/evaluation.md 1.1). */
const cutoverSeconds = 5;

export function interruptionRows(fleet: Fleet, books: InterruptionBooks): Cells[] {
  const { ledger, bootFailures, hangs } = fleet;
  const { interrupted, failovers, outages, pools } = books;
  const warnings = [...ledger.warnings.values()];
  const falseAlarms = warnings.filter((worth) => worth === 'false alarm').length;
  return [
    ['machines taken by EC2', interrupted, `${failovers.length} of them primaries, the others standbys or replaced`],
    ...pools.map(({ az, losses, signals }): Cells => [`  losses of ${az}`, losses, `${signals} signals on record`]),
    ['notices seen by agents', ledger.notices.size],
    ['rebalance warnings seen', warnings.length, `${warnings.length - falseAlarms} true, ${falseAlarms} false alarms`],
    ...eventRows(books.events),
    ['launches without capacity', ledger.refusedLaunches],
    ...whenAny('launches refused as too many', ledger.throttledLaunches),
    ...whenAny('machines that died booting', bootFailures.length),
    ...whenAny('agents that hung', hangs.length),
    ...whenAny('control plane out of reach', outages.length, 'times'),
  ];
}

export function failoverRows(fleet: Fleet, books: InterruptionBooks): Cells[] {
  const { ledger } = fleet;
  const { failovers, rescues, neverRan, doubles, orphans, orphanChecks, events } = books;
  const { requests, counted, dataApiCalls } = ledger.noticeCalls;
  const perNotice = (count: number) => (count / ledger.notices.size).toFixed(1);
  return [
    ['interrupted primaries', failovers.length, 'and the time from notice to promotion'],
    ...paths.map((path): Cells => [`  ${path}`, ...timesOf(failovers.filter((failover) => failover.path === path))]),
    ['by the control plane', ...timesOf(failovers.filter(isOwn))],
    ...(events ? announcementRows(fleet, failovers) : []),
    ['promoted, but never ran', neverRan, 'taken or dead while they booted'],
    ['machines started by owners', rescues, 'for whatever reason'],
    [
      'Data API calls per notice',
      counted === 0 ? '?' : perNotice(dataApiCalls),
      `in ${perNotice(requests)} requests, repeats included`,
    ],
    ['orphans', orphans.length, [`${orphanChecks} checks`, ...orphans.slice(0, 5)].join(', ')],
    ['double primaries', doubles.length, doubles.slice(0, 3).join('; ')],
  ];
}

export function availabilityRows(books: InterruptionBooks): Cells[] {
  const { uptimes, cutovers } = books;
  const versions = Map.groupBy(uptimes, ({ version }) => version);
  const down = uptimes.map(({ downSeconds }) => downSeconds / 60);
  const mean = down.reduce((sum, minutes) => sum + minutes, 0) / down.length;
  return [
    [
      'availability',
      percent(availabilityOf(uptimes)),
      `${uptimes.reduce((sum, { gaps }) => sum + gaps, 0)} times down`,
    ],
    ...[...versions].map(
      ([version, some]): Cells => [`  agents of ${version}`, percent(availabilityOf(some)), `${some.length} agents`],
    ),
    [
      `  with ${cutoverSeconds} s a cutover`,
      percent(availabilityOf(uptimes, cutoverSeconds, cutovers)),
      `${cutovers} cutovers`,
    ],
    [
      'downtime of a workload',
      `${mean.toFixed(1)} min`,
      `mean; ${Math.min(...down).toFixed(1)} to ${Math.max(...down).toFixed(1)} min`,
    ],
  ];
}

/** How many, and how long they took. */
function timesOf(failovers: readonly Failover[]): Cells {
  const seconds = failovers.flatMap(({ seconds }) => seconds ?? []);
  if (seconds.length === 0) return [failovers.length, ''];
  const at = (share: number) => `${percentile(seconds, share)} s`;
  return [failovers.length, `p50 ${at(50)}, p95 ${at(95)}, longest ${at(100)}`];
}

const isOwn = ({ path }: Failover) => path !== 'rescued by owner' && path !== 'not recovered';

const whenAny = (label: string, count: number, note = ''): Cells[] => (count === 0 ? [] : [[label, count, note]]);
const percent = (share: number) => `${(100 * share).toFixed(3)} %`;
