import type { Market } from '../../market/market.ts';
import type { Endings } from '../ec2/aws-account.ts';
import type { Fleet } from '../run/fleet.ts';
import { type Costs, type Machines, savingsPercent } from './costs.ts';
import { availabilityRows, failoverRows, interruptionRows } from './interruption-report.ts';
import type { InterruptionBooks } from './leak-check.ts';
import type { SwitchRecord } from './ledger.ts';

export interface Outcome {
  readonly market: Market;
  readonly fleet: Fleet;
  readonly start: Date;
  readonly end: Date;
  readonly wallSeconds: number;
  readonly costs: Costs;
  readonly machines: Machines;
  readonly endings: Endings;
  /** Undefined when EC2 interrupted nothing, as no availability was played. */
  readonly interruptions?: InterruptionBooks | undefined;
  /** Undefined when the decision log could not be read. */
  readonly refused: ReadonlyMap<string, number> | undefined;
  /** What the reader must know to read the figures rightly. */
  readonly notes: readonly string[];
}

/** What came of a run, in aligned columns. */
export function report(outcome: Outcome): string {
  return [
    section('Run', runRows(outcome)),
    section('Cost, USD', costRows(outcome)),
    section('Switches', switchRows(outcome)),
    ...interruptionSections(outcome),
    section('Machines', machineRows(outcome)),
    section('Requests', requestRows(outcome)),
    ['Notes', ...[...outcome.market.notes, ...outcome.notes].map((note) => `  ${note}`)].join('\n'),
  ].join('\n\n');
}

type Cells = readonly (string | number)[];

function interruptionSections({ fleet, interruptions }: Outcome): string[] {
  if (!interruptions) return [];
  return [
    section('Interruptions', interruptionRows(fleet, interruptions)),
    section('Failovers', failoverRows(fleet, interruptions)),
    section('Workloads', availabilityRows(interruptions)),
  ];
}

function runRows({ fleet, market, start, end, wallSeconds }: Outcome): Cells[] {
  const versions = Map.groupBy(fleet.images, ({ version }) => version);
  const days = daysBetween(start, end);
  return [
    ['agents', fleet.images.length, [...versions].map(([version, { length }]) => `${length} of ${version}`).join(', ')],
    ['pools', market.pools.length, `${market.instanceType} in ${market.region}`],
    ['virtual time', `${days.toFixed(2)} days`, `${minute(start)} to ${minute(end)} UTC`],
    ['real time', `${wallSeconds.toFixed(0)} s`, `${Math.round((days * 86_400) / wallSeconds)} times as fast`],
  ];
}

function costRows({ costs }: Outcome): Cells[] {
  return [
    ['all on demand', costs.baseline.toFixed(2)],
    ['this fleet', costs.actual.toFixed(2), 'every machine that ran, replaced ones included'],
    ['saved', (costs.baseline - costs.actual).toFixed(2), `${savingsPercent(costs).toFixed(2)} %`],
  ];
}

function switchRows({ fleet, start, end, refused }: Outcome): Cells[] {
  const { switches, commands } = fleet.ledger;
  const completed = switches.filter(({ outcome }) => outcome === 'completed');
  const kinds = Map.groupBy(completed, ({ trigger, mode }: SwitchRecord) => `${trigger}, to ${mode}`);
  const weeks = (fleet.images.length * daysBetween(start, end)) / 7;
  const launches = fleet.ec2.instances.filter(({ cause }) => cause.kind === 'command').length;
  return [
    ['completed', completed.length, `${(completed.length / weeks).toFixed(2)} for each agent and week`],
    ...[...kinds].map(([kind, { length }]): Cells => [`  ${kind}`, length]),
    ['failed', switches.filter(({ outcome }) => outcome === 'failed').length],
    ['under way', switches.filter(({ outcome }) => outcome === 'under way').length],
    ['commands received', commands.size, `${launches} RunInstances calls for them`],
    ...refusedRows(refused),
  ];
}

function refusedRows(refused: Outcome['refused']): Cells[] {
  if (!refused) return [['refused moves', '?', 'the decision log could not be read']];
  const total = [...refused.values()].reduce((sum, count) => sum + count, 0);
  return [
    ['refused moves', total, 'one for each decision'],
    ...[...refused].map(([gate, n]): Cells => [`  by ${gate}`, n]),
  ];
}

function machineRows({ fleet, machines, endings }: Outcome): Cells[] {
  const { primaries, replicas, starting, due, leaked, withoutMachine } = machines;
  return [
    ['RunInstances calls', fleet.ec2.instances.length],
    ['running primaries', primaries, withoutMachine > 0 ? `${withoutMachine} agents have none` : ''],
    ['running replicas', replicas],
    ['just launched', starting],
    ['waiting for their end', due],
    [
      'leaked',
      leaked.length,
      leaked
        .slice(0, 5)
        .map(({ id, agent }) => `${id} of ${agent}`)
        .join(', '),
    ],
    ['seen to be gone', endings.seenGone, `EC2 was asked ${endings.looks} times where agents did not say so`],
    ['not seen to be gone yet', endings.unseen],
  ];
}

function requestRows({ fleet, wallSeconds }: Outcome): Cells[] {
  const { routes, failures, requests } = fleet.ledger;
  const byCount = [...routes].sort(([, a], [, b]) => b.requests - a.requests);
  return [
    ['total', requests, `${(requests / wallSeconds).toFixed(0)} a second`],
    ...byCount.map(
      ([route, { requests, counted, dataApiCalls }]): Cells => [
        `  ${route}`,
        requests,
        counted === 0 ? 'Data API calls unknown' : `${(dataApiCalls / counted).toFixed(2)} Data API calls each`,
      ],
    ),
    ['answers of 400 and above, or none', [...failures.values()].reduce((sum, count) => sum + count, 0)],
    ...[...failures].map(([failure, count]): Cells => [`  ${failure}`, count]),
  ];
}

/** A title, and rows whose first column is flush left, the second flush right. */
function section(title: string, rows: readonly Cells[]): string {
  const width = (column: number) => Math.max(...rows.map((row) => String(row[column] ?? '').length));
  const [first, second] = [width(0), width(1)];
  const lines = rows.map(([label = '', value = '', note = '']) =>
    `  ${String(label).padEnd(first)}  ${String(value).padStart(second)}  ${note}`.trimEnd(),
  );
  return [title, ...lines].join('\n');
}

const daysBetween = (start: Date, end: Date) => (end.getTime() - start.getTime()) / 86_400_000;
const minute = (time: Date) => time.toISOString().slice(0, 16).replace('T', ' ');
