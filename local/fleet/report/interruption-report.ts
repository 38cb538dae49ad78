import type { Fleet } from '../run/fleet.ts';
import { eventRows, noticeSourceRows } from './event-report.ts';
import { type Failover, paths } from './failovers.ts';
import type { InterruptionSummary } from './interruption-summary.ts';
import type { Row } from './table.ts';
import { availabilityOf } from './uptime.ts';

/** An assumption: what each cutover costs a workload, planned or not. */
export const cutoverSeconds = 5;

export function interruptionRows(fleet: Fleet, summary: InterruptionSummary): Row[] {
  const { ledger, bootFailures, hangs } = fleet;
  const { interrupted, failovers, outages, pools } = summary;
  const recommendations = [...ledger.recommendations.values()];
  const falseAlarms = recommendations.filter((worth) => worth === 'false alarm').length;
  return [
    ['instances interrupted', interrupted, `${failovers.length} primaries; the others were standbys or replaced`],
    ...pools.map(({ az, losses, signals }): Row => [`  losses of ${az}`, losses, `${signals} signals recorded`]),
    ['notices seen by agents', ledger.notices.size],
    [
      'rebalance recommendations seen',
      recommendations.length,
      `${recommendations.length - falseAlarms} true, ${falseAlarms} false alarms`,
    ],
    ...eventRows(summary.events),
    ['launches without capacity', ledger.refusedLaunches],
    ...rowIfAny('launches throttled', ledger.throttledLaunches),
    ...rowIfAny('instances that failed to boot', bootFailures.length),
    ...rowIfAny('agents that hung', hangs.length),
    ...rowIfAny('control plane outages', outages.length),
  ];
}

export function failoverRows(fleet: Fleet, summary: InterruptionSummary): Row[] {
  const { ledger } = fleet;
  const { failovers, recoveries, neverRan, doublePrimaries, orphans, orphanChecks, events } = summary;
  const { requests, counted, dataApiCalls } = ledger.noticeCalls;
  const perNotice = (count: number) => (count / ledger.notices.size).toFixed(1);
  return [
    ['interrupted primaries', failovers.length, 'with the time from notice to promotion'],
    ...paths.map((path): Row => [`  ${path}`, ...timesOf(failovers.filter((failover) => failover.path === path))]),
    ['recovered by the control plane', ...timesOf(failovers.filter(isByControlPlane))],
    ...(events ? noticeSourceRows(fleet, failovers) : []),
    ['promoted but never ran', neverRan, 'interrupted or failed while booting'],
    ['launched by auto recovery', recoveries, 'for any reason'],
    ...(counted > 0 && ledger.notices.size > 0
      ? [
          [
            'Data API calls per notice',
            perNotice(dataApiCalls),
            `in ${perNotice(requests)} requests, including repeats`,
          ] as Row,
        ]
      : []),
    ['orphans', orphans.length, [`${orphanChecks} checks`, ...orphans.slice(0, 5)].join(', ')],
    ['double primaries', doublePrimaries.length, doublePrimaries.slice(0, 3).join('; ')],
  ];
}

export function availabilityRows({ uptimes, cutovers }: InterruptionSummary): Row[] {
  const versions = Map.groupBy(uptimes, ({ version }) => version);
  const down = uptimes.map(({ downSeconds }) => downSeconds / 60);
  const mean = down.reduce((sum, minutes) => sum + minutes, 0) / down.length;
  return [
    [
      'availability',
      percent(availabilityOf(uptimes)),
      `down ${uptimes.reduce((sum, { gaps }) => sum + gaps, 0)} times`,
    ],
    ...[...versions].map(
      ([version, some]): Row => [`  agents of ${version}`, percent(availabilityOf(some)), `${some.length} agents`],
    ),
    [
      `  with ${cutoverSeconds} s per cutover`,
      percent(availabilityOf(uptimes, cutoverSeconds, cutovers)),
      `${cutovers} cutovers`,
    ],
    [
      'downtime per workload',
      `${mean.toFixed(1)} min`,
      `mean; from ${Math.min(...down).toFixed(1)} to ${Math.max(...down).toFixed(1)} min`,
    ],
  ];
}

/** How many, and how long they took. */
function timesOf(failovers: readonly Failover[]): Row {
  const seconds = failovers.flatMap(({ seconds }) => seconds ?? []);
  if (seconds.length === 0) return [failovers.length, ''];
  const at = (percent: number) => `${percentile(seconds, percent)} s`;
  return [failovers.length, `p50 ${at(50)}, p95 ${at(95)}, longest ${at(100)}`];
}

/** The smallest value that at least this percentage of the values does not exceed; undefined for no values. */
export function percentile(values: readonly number[], percent: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

const isByControlPlane = ({ path }: Failover) => path !== 'auto recovery' && path !== 'not recovered';

const rowIfAny = (label: string, count: number): Row[] => (count === 0 ? [] : [[label, count]]);
const percent = (share: number) => `${(100 * share).toFixed(3)} %`;
