import type { Market } from '../../market/market.ts';
import type { Terminations } from '../ec2/aws-account.ts';
import type { Fleet } from '../run/fleet.ts';
import type { Accounts } from './accounts.ts';
import { type Costs, savingsPercent } from './costs.ts';
import { availabilityRows, failoverRows, interruptionRows } from './interruption-report.ts';
import type { InterruptionSummary } from './interruption-summary.ts';
import type { LeakCheck } from './leak-check.ts';
import { type PolicyScore, policyRows } from './policy-score.ts';
import { type Row, section } from './table.ts';

export interface Outcome {
  readonly market: Market;
  readonly fleet: Fleet;
  readonly start: Date;
  readonly end: Date;
  readonly wallSeconds: number;
  readonly costs: Costs;
  readonly leakCheck: LeakCheck;
  readonly terminations: Terminations;
  /** Undefined when no availability trace was played, and so nothing was interrupted. */
  readonly interruptions?: InterruptionSummary | undefined;
  /** Undefined when agents had no target, or no trace was played. */
  readonly policy?: PolicyScore | undefined;
  /**
   * The control plane's accounts, and the fleet's own books of the same hours; undefined when they could not be read.
   */
  readonly accounts?: (Accounts & { readonly ofFleet: Costs }) | undefined;
  /** Moves that the control plane refused, by gate; undefined when the decision log could not be read. */
  readonly refused: ReadonlyMap<string, number> | undefined;
  /** What a reader must know to interpret the figures. */
  readonly notes: readonly string[];
}

/** The report of a run, in aligned columns. */
export function report(outcome: Outcome): string {
  return [
    section('Run', runRows(outcome)),
    section('Cost, USD', costRows(outcome)),
    section('Switches', switchRows(outcome)),
    ...interruptionSections(outcome),
    section('Instances', instanceRows(outcome)),
    section('Requests', requestRows(outcome)),
    ['Notes', ...[...outcome.market.notes, ...outcome.notes].map((note) => `  ${note}`)].join('\n'),
  ].join('\n\n');
}

function interruptionSections({ fleet, interruptions, policy, costs }: Outcome): string[] {
  if (!interruptions) return [];
  return [
    section('Interruptions', interruptionRows(fleet, interruptions)),
    section('Failovers', failoverRows(fleet, interruptions)),
    section('Workloads', availabilityRows(interruptions)),
    ...(policy ? [section('Policy', policyRows(policy, costs, interruptions))] : []),
  ];
}

function runRows({ fleet, market, start, end, wallSeconds }: Outcome): Row[] {
  const versions = Map.groupBy(fleet.images, ({ version }) => version);
  const days = daysBetween(start, end);
  return [
    ['agents', fleet.images.length, [...versions].map(([version, { length }]) => `${length} of ${version}`).join(', ')],
    ['pools', market.pools.length, `${market.instanceType} in ${market.region}`],
    ['virtual time', `${days.toFixed(2)} days`, `${minute(start)} to ${minute(end)} UTC`],
    ['real time', `${wallSeconds.toFixed(0)} s`, `${Math.round((days * 86_400) / wallSeconds)} times faster`],
  ];
}

function costRows({ costs, accounts }: Outcome): Row[] {
  return [
    ['on-demand baseline', costs.baseline.toFixed(2), 'one on-demand instance per agent'],
    ['this fleet', costs.actual.toFixed(2), 'every instance that ran, including replaced ones'],
    ['saved', (costs.baseline - costs.actual).toFixed(2), `${savingsPercent(costs).toFixed(2)} %`],
    ...accountRows(accounts),
  ];
}

function accountRows(accounts: Outcome['accounts']): Row[] {
  if (!accounts) return [['accounted', '?', "cannot read the control plane's accounts"]];
  const { baseline, actual, savings, until, ofFleet } = accounts;
  const ofSameHours = ofFleet.baseline - ofFleet.actual;
  return [
    [
      'accounted',
      savings.toFixed(2),
      `by the control plane, of the hours that have ended: ${baseline.toFixed(2)} less ${actual.toFixed(2)}`,
    ],
    [
      '  by the fleet',
      ofSameHours.toFixed(2),
      `its own books until ${minute(until)} UTC: ${ofFleet.baseline.toFixed(2)} less ${ofFleet.actual.toFixed(2)}`,
    ],
  ];
}

function switchRows({ fleet, start, end, refused }: Outcome): Row[] {
  const { switches, commands } = fleet.ledger;
  const completed = switches.filter(({ outcome }) => outcome === 'completed');
  const kinds = Map.groupBy(completed, ({ trigger, mode }) => `${trigger}, to ${mode}`);
  const weeks = (fleet.images.length * daysBetween(start, end)) / 7;
  const launches = fleet.ec2.instances.filter(({ cause }) => cause.kind === 'command').length;
  return [
    ['completed', completed.length, `${(completed.length / weeks).toFixed(2)} per agent and week`],
    ...[...kinds].map(([kind, { length }]): Row => [`  ${kind}`, length]),
    ['failed', switches.filter(({ outcome }) => outcome === 'failed').length],
    ['under way', switches.filter(({ outcome }) => outcome === 'under way').length],
    ['commands received', commands.size, `${launches} RunInstances calls for them`],
    ...refusedRows(refused),
  ];
}

function refusedRows(refused: Outcome['refused']): Row[] {
  if (!refused) return [['moves refused', '?', 'cannot read the decision log']];
  const total = [...refused.values()].reduce((sum, count) => sum + count, 0);
  return [
    ['moves refused', total, 'counted once per decision'],
    ...[...refused].map(([gate, n]): Row => [`  by ${gate}`, n]),
  ];
}

function instanceRows({ fleet, leakCheck, terminations }: Outcome): Row[] {
  const { primaries, standbys, starting, due, leaked, agentsWithoutPrimary } = leakCheck;
  const { confirmed, unconfirmed, describeCalls } = terminations;
  const examples = leaked.slice(0, 5).map(({ id, agent }) => `${id} of ${agent}`);
  return [
    ['launched', fleet.ec2.instances.length],
    ['primaries up', primaries, agentsWithoutPrimary > 0 ? `${agentsWithoutPrimary} agents have none` : ''],
    ['standbys up', standbys],
    ['just launched', starting],
    ['waiting for termination', due],
    ['leaked', leaked.length, examples.join(', ')],
    ['terminations confirmed', confirmed, `EC2 was asked ${describeCalls} times`],
    ['not confirmed yet', unconfirmed],
  ];
}

function requestRows({ fleet, wallSeconds, start, end }: Outcome): Row[] {
  const { routes, kinds, failures, requests } = fleet.ledger;
  const byCount = [...routes].sort(([, a], [, b]) => b.requests - a.requests);
  return [
    ['total', requests, `${(requests / wallSeconds).toFixed(0)} per second`],
    ...[...kinds].sort().map(([version, { requests, dataApiCalls }]): Row => {
      const agentDays = fleet.images.filter((image) => image.version === version).length * daysBetween(start, end);
      const perDay = (count: number) => (count / agentDays).toFixed(0);
      return [
        `  by agents of version ${version}`,
        requests,
        `${perDay(requests)} per agent and day, ${perDay(dataApiCalls)} Data API calls`,
      ];
    }),
    ...byCount.map(
      ([route, { requests, counted, dataApiCalls }]): Row => [
        `  ${route}`,
        requests,
        counted === 0 ? 'Data API calls unknown' : `${(dataApiCalls / counted).toFixed(2)} Data API calls each`,
      ],
    ),
    ['answered 400 or more, or not at all', [...failures.values()].reduce((sum, count) => sum + count, 0)],
    ...[...failures].map(([failure, count]): Row => [`  ${failure}`, count]),
  ];
}

const daysBetween = (start: Date, end: Date) => (end.getTime() - start.getTime()) / 86_400_000;
const minute = (time: Date) => time.toISOString().slice(0, 16).replace('T', ' ');
